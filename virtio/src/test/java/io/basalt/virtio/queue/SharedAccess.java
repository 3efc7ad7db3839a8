package io.basalt.virtio.queue;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// What [InstrumentedLoader] makes [RingMemory] call: each access to shared memory, just after it happened.
final class SharedAccess {
    /// Sees each access of the code under test.
    interface Observer {
        /// A load of so many bytes happened.
        void loaded(MemorySegment memory, long offset, int bytes);

        /// A store of so many bytes happened.
        void stored(MemorySegment memory, long offset, int bytes);
    }

    /// Who sees accesses now; one for each instrumenting loader, as this class is loaded by it.
    static @Nullable Observer observer;

    private SharedAccess() {}

    /// Called from instrumented code.
    static void loaded(MemorySegment memory, long offset, int bits) {
        if (observer != null) {
            observer.loaded(memory, offset, bits / 8);
        }
    }

    /// Called from instrumented code.
    static void stored(MemorySegment memory, long offset, int bits) {
        if (observer != null) {
            observer.stored(memory, offset, bits / 8);
        }
    }
}
