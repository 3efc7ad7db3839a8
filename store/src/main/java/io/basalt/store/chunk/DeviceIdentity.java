package io.basalt.store.chunk;

import static io.basalt.store.chunk.StoreRequest.BLOCK_BYTES;

import io.basalt.block.BlockStatus;
import io.basalt.block.Volume;
import io.basalt.reactor.Reactor;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;

/// The look at a superblock for whose device it is, also where the store itself cannot be opened. Writes
/// nothing.
public final class DeviceIdentity implements DeviceIo.Owner {
    private final Volume volume;
    private final OneShotDevice device;
    private final Consumer<Optional<UUID>> done;
    private final Memory memory = new Memory(1, 1, 1, 1);
    private final DeviceIo io;
    private int copy;

    private DeviceIdentity(Volume volume, Reactor reactor, Consumer<Optional<UUID>> done) {
        this.volume = volume;
        this.done = done;
        device = new OneShotDevice(volume, reactor, Durability.PLP, memory);
        io = new DeviceIo(device.device(), this, 0, 1);
    }

    /// Read the identity.
    ///
    /// @param volume stays the caller's, and open until the answer is there
    /// @param done told from a later poll of the reactor; nothing if neither copy of the superblock is good
    public static void read(Volume volume, Reactor reactor, Consumer<Optional<UUID>> done) {
        final DeviceIdentity one = new DeviceIdentity(volume, reactor, done);
        one.device.later(one::next);
    }

    private void next() {
        if (volume.sizeBytes() < Geometry.LOG_OFFSET) {
            end(Optional.empty());
            return;
        }
        device.device()
                .submit(io.range(
                        false, Geometry.superblockOffset(copy), memory.table(), Memory.LOG_REGION, 0, BLOCK_BYTES));
    }

    @Override
    public void ioDone(DeviceIo ended, BlockStatus status) {
        final MemorySegment block = memory.log().asSlice(0, BLOCK_BYTES);
        if (status == BlockStatus.OK && Superblock.violation(block, volume.sizeBytes()) == null) {
            final Geometry geometry = Superblock.decode(block);
            end(Optional.of(new UUID(geometry.deviceIdHigh(), geometry.deviceIdLow())));
        } else if (copy == 0) {
            copy = 1;
            next();
        } else {
            end(Optional.empty());
        }
    }

    private void end(Optional<UUID> identity) {
        device.close();
        done.accept(identity);
    }
}
