package io.basalt.placement;

/// The 64-bit mixing function that every placement decision starts from: the finaliser known as variant 13 of
/// Stafford, in which each input bit changes each output bit with a probability near one half.
///
/// Part of the routing rule: another function is another rule, and every shard would have to move.
public final class Mix64 {
    private static final long PAIR_START = 0x9E3779B97F4A7C15L;

    private Mix64() {}

    /// The mixed value. A bijection; 0 stays 0.
    public static long mix64(long value) {
        long mixed = (value ^ (value >>> 30)) * 0xBF58476D1CE4E5B9L;
        mixed = (mixed ^ (mixed >>> 27)) * 0x94D049BB133111EBL;
        return mixed ^ (mixed >>> 31);
    }

    /// The mixed value of an ordered pair.
    public static long mix64(long first, long second) {
        return mix64(mix64(first + PAIR_START) + second);
    }
}
