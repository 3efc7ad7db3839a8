package io.basalt.store.fault;

import io.basalt.block.Volume;
import io.basalt.store.RamVolume;
import io.basalt.store.VolumeContract;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;

/// The contract on a volume that stands before a RAM volume and is told to do nothing about it.
abstract class WrapperContract extends VolumeContract {
    private @Nullable RamVolume base;

    abstract Volume wrap(Volume wrapped);

    @Override
    protected Volume create(long sizeBytes) {
        final RamVolume made = new RamVolume("ram0", sizeBytes, blockSize(), 0);
        base = made;
        return wrap(made);
    }

    @AfterEach
    void closeBase() {
        closeBench();
        if (base != null) {
            base.close();
        }
    }

    @Override
    protected int blockSize() {
        return 512;
    }

    @Override
    protected boolean canGrow() {
        return false;
    }
}
