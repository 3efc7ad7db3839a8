package io.basalt.cli.serve;

import java.util.concurrent.CompletableFuture;

/// A running daemon of this process.
public interface Daemon extends AutoCloseable {
    /// One line for people: what answers where.
    String ready();

    /// Completed with the process's exit status when the daemon is to end by itself.
    default CompletableFuture<Integer> ended() {
        return new CompletableFuture<>();
    }

    /// Stop, once what is under way has ended.
    @Override
    void close();
}
