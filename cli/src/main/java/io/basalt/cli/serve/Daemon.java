package io.basalt.cli.serve;

/// A running daemon of this process.
public interface Daemon extends AutoCloseable {
    /// One line for people: what answers where.
    String ready();

    /// Stop, once what is under way has ended.
    @Override
    void close();
}
