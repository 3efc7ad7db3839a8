package io.basalt.gate.rpc;

import io.basalt.linux.LinuxException;
import io.basalt.store.VolumeException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// The methods by name: checks a call's parameters, runs it, and turns what it throws into an error. Knows nothing
/// of sockets. One owner: the control reactor.
public final class RpcDispatcher {
    private static final Logger LOG = System.getLogger(RpcDispatcher.class.getName());

    private final Map<String, RpcMethod> methods = new LinkedHashMap<>();
    private final Map<String, String> aliases = new LinkedHashMap<>();
    private @Nullable String held;

    /// Add a method. Its name is new.
    public void register(RpcMethod method) {
        final RpcMethod before = methods.put(method.name(), method);
        assert before == null : "method " + method.name() + " is registered twice";
    }

    /// Add a second name for a method that is there.
    public void alias(String alias, String name) {
        assert methods.containsKey(name) : "no method " + name;
        aliases.put(alias, name);
    }

    /// All methods, in the order of registration.
    public Collection<RpcMethod> methods() {
        return Collections.unmodifiableCollection(methods.values());
    }

    /// Second names, each with the method it stands for.
    public Map<String, String> aliases() {
        return Collections.unmodifiableMap(aliases);
    }

    /// From now on clients' calls that change something are refused.
    ///
    /// @param reason why, for the caller; null to allow them again
    public void hold(@Nullable String reason) {
        held = reason;
    }

    /// Whether calls that change something are refused now.
    public boolean held() {
        return held != null;
    }

    private boolean isHeld(String name) {
        return held != null && !name.contains("_get_") && !name.startsWith("framework_wait");
    }

    /// Call a method.
    ///
    /// @param parameters an object; null or empty for none
    /// @param completion called exactly once, now or later
    public void call(String name, @Nullable JsonNode parameters, Consumer<RpcResult> completion) {
        final RpcMethod method = methods.get(aliases.getOrDefault(name, name));
        if (method == null) {
            completion.accept(new RpcResult(null, unknown(name)));
            return;
        }
        final String reason = held;
        if (reason != null && isHeld(method.name())) {
            completion.accept(new RpcResult(null, RpcError.busy("method", reason, "ask again in a moment")));
            return;
        }
        final ObjectNode given = named(parameters);
        if (given == null) {
            completion.accept(new RpcResult(
                    null,
                    RpcError.invalidParameter(
                            "params", "must be an object of named parameters", "write {\"name\": value, ...}")));
            return;
        }
        run(method, new RpcCall(given, completion));
    }

    private static void run(RpcMethod method, RpcCall call) {
        try {
            method.check(call.parameters());
            method.handler().accept(call);
        } catch (RpcError e) {
            refuse(method, call, e);
        } catch (VolumeException e) {
            refuse(method, call, RpcError.of(e));
        } catch (LinuxException e) {
            refuse(method, call, RpcError.of(e));
        } catch (RuntimeException e) {
            LOG.log(Level.ERROR, "method " + method.name() + " failed", e);
            refuse(method, call, RpcError.internal(method.name() + " failed: " + e));
        }
    }

    private static void refuse(RpcMethod method, RpcCall call, RpcError error) {
        if (call.answered()) {
            LOG.log(Level.ERROR, "method " + method.name() + " failed after its answer", error);
        } else {
            call.fail(error);
        }
    }

    private static @Nullable ObjectNode named(@Nullable JsonNode parameters) {
        if (parameters == null || parameters.isNull() || (parameters.isArray() && parameters.isEmpty())) {
            return Json.object();
        }
        return parameters instanceof ObjectNode object ? object : null;
    }

    private RpcError unknown(String name) {
        final TreeSet<String> known = new TreeSet<>(methods.keySet());
        known.addAll(aliases.keySet());
        final String shown = name.length() <= 64 ? name : name.substring(0, 64) + "...";
        return new RpcError(
                RpcError.METHOD_NOT_FOUND,
                "Method not found",
                "method",
                "there is no method '" + shown + "'",
                Suggestion.of(name, known, "rpc_get_methods lists all"));
    }
}
