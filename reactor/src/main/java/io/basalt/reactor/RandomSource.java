package io.basalt.reactor;

/// A stream of random numbers: seeded under simulation, from the system in production.
@FunctionalInterface
public interface RandomSource {
    /// 64 uniformly distributed bits. One owner thread.
    long nextLong();
}
