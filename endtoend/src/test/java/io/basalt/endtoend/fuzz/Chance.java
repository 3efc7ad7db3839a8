package io.basalt.endtoend.fuzz;

import java.util.List;
import java.util.random.RandomGenerator;

/// Draws that break things more often than evenly spread numbers do.
final class Chance {
    private static final long[] EDGES = {
        0,
        1,
        2,
        3,
        7,
        8,
        15,
        16,
        17,
        63,
        64,
        255,
        256,
        257,
        511,
        512,
        513,
        1023,
        1024,
        1025,
        4095,
        4096,
        4097,
        32767,
        32768,
        32769,
        65535,
        65536,
        0x7fff_ffffL,
        0x8000_0000L,
        0xffff_ffffL,
        0x1_0000_0000L,
        1L << 44,
        Long.MAX_VALUE,
        Long.MIN_VALUE,
        -1,
        -2,
        -16,
        -4096,
    };

    private Chance() {}

    /// True once in a while.
    static boolean oneIn(RandomGenerator random, int times) {
        return random.nextInt(times) == 0;
    }

    /// A number at the edge of something, or just any.
    static long number(RandomGenerator random) {
        return switch (random.nextInt(4)) {
            case 0 -> random.nextLong();
            case 1 -> EDGES[random.nextInt(EDGES.length)] + random.nextInt(-2, 3);
            case 2 -> 1L << random.nextInt(64);
            default -> EDGES[random.nextInt(EDGES.length)];
        };
    }

    static <T> T of(RandomGenerator random, List<T> choices) {
        return choices.get(random.nextInt(choices.size()));
    }
}
