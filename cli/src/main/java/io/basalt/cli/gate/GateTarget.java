package io.basalt.cli.gate;

import io.basalt.cli.Seconds;
import io.basalt.cli.config.Configuration;
import io.basalt.gate.rpc.RpcClient;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The options that say which gate is spoken to.
public final class GateTarget {
    private static final String VARIABLE = "BASALT_RPC_SOCKET";

    @Option(
            names = "--rpc-socket",
            paramLabel = "PATH",
            description = "The gate's management socket (default: BASALT_RPC_SOCKET, or setting gate.rpc_socket).")
    private @Nullable Path socket;

    @Option(
            names = "--rpc-timeout",
            paramLabel = "TIME",
            defaultValue = "60s",
            description = "Longest wait for the gate's answer (default: ${DEFAULT-VALUE}).")
    private Seconds timeout = new Seconds(0);

    /// Connect.
    ///
    /// @throws io.basalt.gate.rpc.RpcError if no gate answers there
    public RpcClient connect(Configuration settings) {
        return RpcClient.connect(socket(settings), Duration.ofNanos(timeout.ns()));
    }

    /// Connect to the gate at a socket, or to the one that the options say.
    ///
    /// @throws io.basalt.gate.rpc.RpcError if no gate answers there
    public RpcClient connect(Configuration settings, @Nullable Path named) {
        return named == null ? connect(settings) : RpcClient.connect(named, Duration.ofNanos(timeout.ns()));
    }

    /// The management socket.
    public Path socket(Configuration settings) {
        if (socket != null) {
            return socket.toAbsolutePath();
        }
        final @Nullable String variable = System.getenv(VARIABLE);
        return variable == null || variable.isEmpty()
                ? rpcSocket(settings)
                : Path.of(variable).toAbsolutePath();
    }

    /// The management socket by the settings.
    public static Path rpcSocket(Configuration settings) {
        final String named = settings.text("gate.rpc_socket");
        return named.isEmpty()
                ? settings.path("gate.data", "gate").resolve("rpc.sock")
                : Path.of(named).toAbsolutePath();
    }
}
