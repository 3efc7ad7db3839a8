package io.basalt.placement;

/// The straws of weighted rendezvous hashing, in integers only.
///
/// A device of weight w draws `-log2(u) / w` for a u of its own and the placement group's, uniform in (0,
/// 1]; the shortest straw wins. That is an exponentially distributed time with rate w, so a device wins in
/// proportion to its weight, and a change of one weight changes no other straw: data moves to or from that
/// device and nowhere else.
///
/// The logarithm is a table of 1024 steps with linear interpolation, as 57-bit fractions. The table is
/// computed by repeated squaring in 64-bit integers, so it has the same bits on every machine and in every
/// JVM. Near u = 1, where the winners are, the interpolation is exact to one part in 2000, the same for all
/// devices.
final class Straw2 {
    /// Longer than every straw.
    static final long NONE = Long.MAX_VALUE;

    static final int FRACTION_BITS = 57;

    private static final int INDEX_BITS = 10;
    private static final int STEPS = 1 << INDEX_BITS;
    private static final long[] LOG2 = table();

    private Straw2() {}

    /// What all straws of a placement group have in common.
    static long pgKey(int pg) {
        return Mix64.mix64(pg, 1);
    }

    /// What all straws of a device have in common.
    static long deviceKey(int deviceId) {
        return Mix64.mix64(deviceId, 2);
    }

    /// What a weight multiplies a straw with.
    static long inverse(int weight) {
        return Long.divideUnsigned(-1L, weight);
    }

    /// The length of a straw, 0 to below [#NONE].
    static long straw(long pgKey, long deviceKey, long inverse) {
        return Math.unsignedMultiplyHigh(negativeLog2(Mix64.mix64(pgKey ^ deviceKey)), inverse);
    }

    /// `-log2(((hash >>> 1) + 1) / 2^63)` with [#FRACTION_BITS] fraction bits: 0 to 63.0.
    static long negativeLog2(long hash) {
        final long uniform = (hash >>> 1) + 1;
        final int zeros = Long.numberOfLeadingZeros(uniform);
        final long mantissa = uniform << zeros;
        final int index = (int) ((mantissa << 1) >>> (Long.SIZE - INDEX_BITS));
        final long rest = mantissa << (1 + INDEX_BITS);
        final long below = LOG2[index];
        final long log2 = below + Math.unsignedMultiplyHigh(rest, LOG2[index + 1] - below);
        return ((long) zeros << FRACTION_BITS) - log2;
    }

    /// `log2(1 + i / STEPS)` for i of 0 to STEPS.
    private static long[] table() {
        final long[] table = new long[STEPS + 1];
        for (int index = 0; index < STEPS; index++) {
            table[index] = log2((1L << 62) | ((long) index << (62 - INDEX_BITS)));
        }
        table[STEPS] = 1L << FRACTION_BITS;
        return table;
    }

    /// The logarithm of a number in [1, 2) with 62 fraction bits: each squaring doubles it and shows its next bit.
    private static long log2(long number) {
        long square = number;
        long log2 = 0;
        for (int bit = FRACTION_BITS - 1; bit >= 0; bit--) {
            square = (Math.multiplyHigh(square, square) << 2) | ((square * square) >>> 62);
            if (square < 0) {
                square >>>= 1;
                log2 |= 1L << bit;
            }
        }
        return log2;
    }
}
