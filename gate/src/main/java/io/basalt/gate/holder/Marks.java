package io.basalt.gate.holder;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// Memory that a gate shares with its holder, and that says at any moment, the moment of a crash too,
/// which of the sessions that the holder was told of are still as it was told. Little-endian.
///
/// ```
/// 0         4         8         12        16                  64
/// +---------+---------+---------+---------+--- - - - ---------+--------+--------+--------
/// | magic   | format  | slots   | kept    | zero              | word 0 | word 1 | ...
/// | "BMRK"  |   32    |   32    |   32    |                   |   64   |   64   |
/// +---------+---------+---------+---------+--- - - - ---------+--------+--------+--------
///
///   word, one for each disk:   version << 1 | busy
/// ```
///
/// *kept* is 1 while the gate wants its disks to be taken over if it dies. A word is busy from before
/// the gate takes bytes from a front end until what came of them is in the holder's socket, which
/// keeps it even if the gate dies then. So a session is as the holder knows it if its word is not
/// busy and has the version of the holder's last [io.basalt.gate.handover.HolderMessage.Disk].
///
/// No checksum: each word is written at once, and stands for itself.
///
/// History. 1: the first.
///
/// *Concurrency.* Written by the gate's control reactor, read by the holder once the gate is dead.
public final class Marks {
    /// Disks that have a word.
    public static final int SLOTS = 4096;
    /// Size of the memory.
    public static final long BYTES = 64 + SLOTS * (long) Long.BYTES;

    private static final int FORMAT = 1;
    private static final int MAGIC = 'B' | 'M' << 8 | 'R' << 16 | 'K' << 24;
    private static final long FORMAT_AT = 4;
    private static final long SLOTS_AT = 8;
    private static final long KEPT_AT = 12;
    private static final long WORDS_AT = 64;
    private static final VarHandle INT =
            ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();
    private static final VarHandle LONG =
            ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

    private final MemorySegment memory;

    private Marks(MemorySegment memory) {
        this.memory = memory;
    }

    /// Make marks in memory full of zeroes.
    ///
    /// @param memory [#BYTES], aligned to 8
    public static Marks create(MemorySegment memory) {
        memory.fill((byte) 0);
        INT.setVolatile(memory, FORMAT_AT, FORMAT);
        INT.setVolatile(memory, SLOTS_AT, SLOTS);
        INT.setVolatile(memory, 0L, MAGIC);
        return new Marks(memory);
    }

    /// Use marks that another process has made.
    ///
    /// @throws IllegalArgumentException if they are none that are known here
    public static Marks open(MemorySegment memory) {
        if (memory.byteSize() < BYTES || (int) INT.getVolatile(memory, 0L) != MAGIC) {
            throw new IllegalArgumentException("marks: these are none");
        }
        final int format = (int) INT.getVolatile(memory, FORMAT_AT);
        final int slots = (int) INT.getVolatile(memory, SLOTS_AT);
        if (format != FORMAT || slots != SLOTS) {
            throw new IllegalArgumentException("marks: format " + format + " with " + slots
                    + " slots is not known here, " + FORMAT + " with " + SLOTS + " is");
        }
        return new Marks(memory);
    }

    /// Whether the gate wants to be taken over if it dies.
    boolean kept() {
        return (int) INT.getVolatile(memory, KEPT_AT) == 1;
    }

    /// Say whether the gate wants to be taken over if it dies. Effective at once.
    void kept(boolean kept) {
        INT.setVolatile(memory, KEPT_AT, kept ? 1 : 0);
    }

    /// The version that a slot's word has, busy or not.
    long version(int slot) {
        return word(slot) >>> 1;
    }

    /// Whether a session is as it was when a version of it was told.
    boolean is(int slot, long version) {
        return slot >= 0 && slot < SLOTS && word(slot) == version << 1;
    }

    /// Say where a session stands.
    void mark(int slot, long version, boolean busy) {
        LONG.setVolatile(memory, at(slot), version << 1 | (busy ? 1 : 0));
    }

    private long word(int slot) {
        return (long) LONG.getVolatile(memory, at(slot));
    }

    private static long at(int slot) {
        return WORDS_AT + (long) slot * Long.BYTES;
    }
}
