package io.basalt.virtio.queue;

import org.jspecify.annotations.Nullable;

/// What [InstrumentedLoader] makes [RingMemory] and `HostMemory` call: each access to shared memory, just after
/// it happened.
public final class SharedAccess {
    /// Sees each access of the code under test.
    interface Observer {
        /// A load of so many bytes happened.
        void loaded(long address, int bytes);

        /// A store of so many bytes happened.
        void stored(long address, int bytes);
    }

    /// Who sees accesses now; one for each instrumenting loader, as this class is loaded by it.
    static @Nullable Observer observer;

    private SharedAccess() {}

    /// Called from instrumented code.
    public static void loaded(long address, int bits) {
        if (observer != null) {
            observer.loaded(address, bits / 8);
        }
    }

    /// Called from instrumented code.
    public static void stored(long address, int bits) {
        if (observer != null) {
            observer.stored(address, bits / 8);
        }
    }
}
