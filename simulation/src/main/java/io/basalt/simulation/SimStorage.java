package io.basalt.simulation;

import io.basalt.chunk.ShardStore;
import io.basalt.store.chunk.ChunkStore;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A storage device of a simulated node: survives the process, and suffers faults.
interface SimStorage {
    /// Open the store in a process that begins.
    void open(SimReactor reactor, Consumer<ShardStore> opened, Consumer<String> refused);

    /// The store of the process that runs; null while there is none.
    @Nullable
    ChunkStore store();

    /// Note what the store of the process that runs has counted.
    void observe();

    /// The process is gone.
    ///
    /// @param isPowerCut what the device had not made durable is lost, in part or as a whole
    void crash(boolean isPowerCut);

    /// Let some content rot: what is damaged must be noticed, never be served.
    void rot(SimRandom random);

    /// Let every write fail from now on.
    ///
    /// @param readsToo whether nothing can be read any more either
    void fail(boolean readsToo);

    /// Let no request complete before a time.
    void stall(long untilNs);

    /// Let requests take longer by a factor.
    void slow(int factor, long untilNs);

    /// Let a bit of the log or of a superblock flip.
    void rotLog(SimRandom random);

    /// Flip any bit of what was ever written.
    void flip(SimRandom random);

    /// Hold a fault of a write back as long as a condition does not hold.
    void harmOnlyIf(BooleanSupplier condition);
}
