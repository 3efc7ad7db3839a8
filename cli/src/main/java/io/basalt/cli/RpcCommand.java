package io.basalt.cli;

import io.basalt.cli.config.ConfigOptions;
import io.basalt.cli.gate.GateTarget;
import io.basalt.gate.rpc.RpcClient;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// `basalt rpc`: one call of a gate's JSON-RPC, answer on standard output.
@Command(
        name = "rpc",
        mixinStandardHelpOptions = true,
        description = "Call a method of a running gate and print its answer as JSON.",
        footer = {
            "",
            "Parameters are one JSON object, or name=value pairs:",
            "  basalt rpc bdev_uring_create name=vm1 filename=/srv/vm1.img block_size=512",
            "  basalt rpc vhost_create_blk_controller '{\"ctrlr\":\"vm1\",\"dev_name\":\"vm1\"}'",
            "  basalt rpc rpc_get_methods",
        })
final class RpcCommand implements Callable<Integer> {
    private static final JsonMapper MAPPER = new JsonMapper();

    @Option(names = "-s", paramLabel = "PATH", description = "The same as --rpc-socket.")
    private @Nullable Path socket;

    @Mixin
    private GateTarget target = new GateTarget();

    @Mixin
    private ConfigOptions config = new ConfigOptions();

    @Parameters(index = "0", paramLabel = "METHOD", description = "Method, as in SPDK: rpc_get_methods lists them.")
    private String method = "";

    @Parameters(index = "1..*", paramLabel = "PARAM", description = "A JSON object, or name=value pairs.")
    private List<String> parameters = List.of();

    @Spec
    private @Nullable CommandSpec spec;

    @Override
    public Integer call() {
        try (RpcClient client = target.connect(config.load(), socket)) {
            final JsonNode answer = client.call(method, parse(parameters));
            final PrintWriter out = Objects.requireNonNull(spec, "the command line parser sets it")
                    .commandLine()
                    .getOut();
            out.println(answer.toPrettyString());
            out.flush();
        }
        return 0;
    }

    static @Nullable ObjectNode parse(List<String> words) {
        if (words.isEmpty()) {
            return null;
        }
        if (words.size() == 1 && words.getFirst().strip().startsWith("{")) {
            try {
                return (ObjectNode) MAPPER.readTree(words.getFirst());
            } catch (JacksonException malformed) {
                throw new IllegalArgumentException(
                        "parameters are not a JSON object: " + malformed.getOriginalMessage());
            }
        }
        final ObjectNode object = JsonNodeFactory.instance.objectNode();
        for (final String word : words) {
            final int equals = word.indexOf('=');
            if (equals < 1) {
                throw new IllegalArgumentException("'" + word + "' is neither name=value nor a JSON object");
            }
            object.set(word.substring(0, equals), value(word.substring(equals + 1)));
        }
        return object;
    }

    /// A value that is a JSON number, truth value, list or object is taken as that, anything else as text.
    private static JsonNode value(String text) {
        if (!text.isEmpty() && (text.matches("-?\\d+|true|false") || "[{\"".indexOf(text.charAt(0)) >= 0)) {
            try {
                return MAPPER.readTree(text);
            } catch (JacksonException malformed) {
                throw new IllegalArgumentException("'" + text + "' is not JSON: " + malformed.getOriginalMessage());
            }
        }
        return JsonNodeFactory.instance.stringNode(text);
    }
}
