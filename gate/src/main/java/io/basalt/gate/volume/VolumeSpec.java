package io.basalt.gate.volume;

import java.nio.charset.StandardCharsets;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// What a volume is asked to be: equal specs are the same request. What is saved in the configuration.
public sealed interface VolumeSpec {
    /// The name operators know it by, unique in the gate.
    String name();

    /// Its second name, unique in the gate.
    UUID uuid();

    /// SPDK's kind of bdev.
    Kind kind();

    /// Name of the volume it is built on, or null.
    default @Nullable String base() {
        return null;
    }

    /// The identifier of a volume that was given none: the same for the same name, so that it outlives the gate.
    static UUID derivedUuid(String name) {
        return UUID.nameUUIDFromBytes(("basalt-volume/" + name).getBytes(StandardCharsets.UTF_8));
    }

    /// SPDK's kinds of bdev that the gate has, and its own.
    enum Kind {
        NULL("null"),
        MALLOC("malloc"),
        URING("uring"),
        AIO("aio"),
        ERROR("error"),
        DELAY("delay"),
        BASALT("basalt");

        private final String word;

        Kind(String word) {
            this.word = word;
        }

        /// The word that the RPC's method names have for it.
        public String word() {
            return word;
        }
    }

    /// Completes everything at once and keeps nothing.
    ///
    /// @param blockSize bytes
    /// @param blockCount blocks
    record Null(String name, UUID uuid, int blockSize, long blockCount) implements VolumeSpec {
        @Override
        public Kind kind() {
            return Kind.NULL;
        }
    }

    /// Memory of this process.
    ///
    /// @param blockSize bytes
    /// @param blockCount blocks
    record Malloc(String name, UUID uuid, int blockSize, long blockCount) implements VolumeSpec {
        @Override
        public Kind kind() {
            return Kind.MALLOC;
        }
    }

    /// A file or block device.
    ///
    /// @param kind URING or AIO: which of SPDK's methods it was made by; the engine is the same
    /// @param filename absolute path
    /// @param blockSize bytes; 0 leaves it to the file
    /// @param readOnly whether writes are refused
    record File(String name, UUID uuid, Kind kind, String filename, int blockSize, boolean readOnly)
            implements VolumeSpec {
        public File {
            assert kind == Kind.URING || kind == Kind.AIO : "a file is of kind " + kind;
        }
    }

    /// A volume of the cluster.
    ///
    /// @param volume its name in the cluster
    /// @param ioTimeoutMs milliseconds after which a piece of a request that gets no result fails; 0 for never
    /// @param blockSize bytes, as last seen
    /// @param blockCount blocks, as last seen: what guests are shown until the volume is attached
    /// @param incoming whether a guest is expected that another gate still serves: attached when its
    ///     rings start
    record Basalt(
            String name, UUID uuid, String volume, long ioTimeoutMs, int blockSize, long blockCount, boolean incoming)
            implements VolumeSpec {
        @Override
        public Kind kind() {
            return Kind.BASALT;
        }

        /// The same volume with the size it has now.
        public Basalt withBlockCount(long count) {
            return new Basalt(name, uuid, volume, ioTimeoutMs, blockSize, count, incoming);
        }

        /// The same volume, whether or not a guest is expected.
        public Basalt withIncoming(boolean expected) {
            return new Basalt(name, uuid, volume, ioTimeoutMs, blockSize, blockCount, expected);
        }
    }

    /// Another volume, with failures injected on demand.
    record Failing(String name, UUID uuid, String base) implements VolumeSpec {
        @Override
        public Kind kind() {
            return Kind.ERROR;
        }
    }

    /// Another volume, slowed down; all times in microseconds.
    record Delay(
            String name,
            UUID uuid,
            String base,
            long averageReadUs,
            long p99ReadUs,
            long averageWriteUs,
            long p99WriteUs)
            implements VolumeSpec {
        @Override
        public Kind kind() {
            return Kind.DELAY;
        }
    }
}
