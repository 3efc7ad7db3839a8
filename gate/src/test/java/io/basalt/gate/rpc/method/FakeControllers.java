package io.basalt.gate.rpc.method;

import io.basalt.gate.rpc.ControllerHost;
import io.basalt.gate.rpc.ControllerSpec;
import io.basalt.gate.rpc.ControllerStatus;
import io.basalt.gate.rpc.RpcError;
import io.basalt.gate.volume.VolumeClaim;
import io.basalt.gate.volume.VolumeRegistry;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Controllers that exist by name only. Deletions complete when the test says so, or at once.
final class FakeControllers implements ControllerHost {
    final Map<String, Long> sizes = new HashMap<>();
    final Deque<Runnable> drains = new ArrayDeque<>();
    boolean drainsLater;
    private ChangeListener changes = _ -> {};
    private final VolumeRegistry volumes;
    private final Map<String, ControllerStatus> controllers = new LinkedHashMap<>();
    private final Map<String, VolumeClaim> claims = new HashMap<>();

    FakeControllers(VolumeRegistry volumes) {
        this.volumes = volumes;
    }

    @Override
    public void create(ControllerSpec spec) {
        claims.put(
                spec.name(),
                volumes.claim(spec.volume(), "controller " + spec.name(), false, size -> sizes.put(spec.name(), size)));
        final ControllerStatus.Queue queue = new ControllerStatus.Queue(0, "RUNNING", 1, 128, 3, 77, 4096, 0, 0, "");
        final List<ControllerStatus.Session> sessions = spec.name().equals("busy")
                ? List.of(new ControllerStatus.Session(4, "READY", true, 0x1_4000_0000L, 0x201, List.of(queue)))
                : List.of();
        controllers.put(spec.name(), new ControllerStatus(spec, "0x3", 2, 0, 60_000, true, sessions));
    }

    @Override
    public void delete(String name, Consumer<@Nullable RpcError> completion) {
        if (name.equals("stuck")) {
            completion.accept(RpcError.busy("ctrlr", "does not drain", "wait"));
            return;
        }
        final Runnable drain = () -> {
            controllers.remove(name);
            final VolumeClaim claim = claims.remove(name);
            if (claim != null) {
                claim.close();
            }
            completion.accept(null);
        };
        if (drainsLater) {
            drains.add(drain);
        } else {
            drain.run();
        }
    }

    @Override
    public int addTarget(String name, int number, String volume) {
        final List<ControllerStatus.Target> targets = targets(name);
        final int chosen = number < 0 ? targets.size() : number;
        targets.removeIf(target -> target.number() == chosen);
        targets.add(new ControllerStatus.Target(chosen, volume));
        targets(name, targets);
        return chosen;
    }

    @Override
    public void removeTarget(String name, int number, Consumer<@Nullable RpcError> completion) {
        final List<ControllerStatus.Target> targets = targets(name);
        targets.removeIf(target -> target.number() == number);
        targets(name, targets);
        completion.accept(null);
    }

    private List<ControllerStatus.Target> targets(String name) {
        final ControllerStatus controller = controllers.get(name);
        return controller == null ? new ArrayList<>() : new ArrayList<>(controller.targets());
    }

    private void targets(String name, List<ControllerStatus.Target> targets) {
        controllers.computeIfPresent(
                name,
                (_, before) -> new ControllerStatus(
                        before.spec(),
                        before.cpumask(),
                        before.queueCount(),
                        before.delayBaseUs(),
                        before.iopsThreshold(),
                        before.writeback(),
                        before.sessions(),
                        targets));
    }

    @Override
    public List<ControllerStatus> list() {
        return new ArrayList<>(controllers.values());
    }

    @Override
    public void writeback(String name, boolean enabled) {
        controllers.computeIfPresent(
                name,
                (_, before) -> new ControllerStatus(
                        before.spec(),
                        before.cpumask(),
                        before.queueCount(),
                        before.delayBaseUs(),
                        before.iopsThreshold(),
                        enabled,
                        before.sessions()));
    }

    @Override
    public void moveQueue(String name, int queue, int reactor, Consumer<@Nullable String> moved) {
        moved.accept(reactor == 1 ? null : "the controller may not use reactor " + reactor);
    }

    @Override
    public void onChange(ChangeListener listener) {
        changes = listener;
    }

    /// What a guest does that changes its cache mode.
    void guestSetsWriteback(String name, boolean enabled) {
        writeback(name, enabled);
        changes.changed(name);
    }

    @Override
    public void coalescing(String name, int delayBaseUs, int iopsThreshold) {
        controllers.computeIfPresent(
                name,
                (_, before) -> new ControllerStatus(
                        before.spec(),
                        before.cpumask(),
                        before.queueCount(),
                        delayBaseUs,
                        iopsThreshold,
                        before.writeback(),
                        before.sessions()));
    }
}
