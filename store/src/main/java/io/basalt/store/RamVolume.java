package io.basalt.store;

import io.basalt.block.BlockOperation;
import io.basalt.block.VolumeChannel;
import io.basalt.linux.LinuxException;
import io.basalt.linux.memory.Mapping;
import io.basalt.reactor.Reactor;
import io.basalt.store.VolumeException.Kind;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A volume in this process's memory: fast, zeroed at creation, gone at close.
///
/// Concurrency: the memory is shared by all reactors without a lock. Overlapping requests in flight at the same
/// time may mix, byte by byte, as on any disk: the order of concurrent I/O is the guest's business. A request
/// that completed before another was submitted is seen by it, since a guest that hands over from one queue to
/// another synchronises its own memory, and publishing a completion is a release store. Growing swaps an
/// immutable [RamSpace].
///
/// A guest that truncates its memory under a copy makes [VolumeChannel#submit] throw `InternalError`, which the
/// front end catches at its poll boundary.
public final class RamVolume implements ResizableVolume {
    private final String name;
    private final int blockSize;
    private final long hugePageBytes;
    private final List<Mapping> mappings = new ArrayList<>();
    private volatile RamSpace space;

    /// @param name what operators know it by
    /// @param sizeBytes whole blocks; memory is committed as it is written, at once on huge pages
    /// @param blockSize 512 or 4096
    /// @param hugePageBytes huge page size to back it with, or 0 for ordinary pages; with too few huge pages it
    ///     falls back, and [#hugePageFallback()] says why
    /// @throws VolumeException if a parameter breaks a rule or memory is short
    public RamVolume(String name, long sizeBytes, int blockSize, long hugePageBytes) {
        this.name = VolumeRules.requireName(name);
        this.blockSize = VolumeRules.requireBlockSize(blockSize);
        this.hugePageBytes = hugePageBytes;
        final Mapping mapping = map(VolumeRules.requireSize(sizeBytes, blockSize), hugePageBytes);
        mappings.add(mapping);
        space = new RamSpace(mapping.segment());
    }

    private static Mapping map(long bytes, long hugePageBytes) {
        try {
            return hugePageBytes == 0 ? Mapping.anonymous(bytes) : Mapping.anonymousHuge(bytes, hugePageBytes);
        } catch (LinuxException e) {
            throw new VolumeException(
                    Kind.NO_SPACE,
                    "size",
                    e.getMessage() == null ? "no memory" : e.getMessage(),
                    "choose a smaller size");
        }
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String productName() {
        return "Malloc disk";
    }

    @Override
    public int blockSize() {
        return blockSize;
    }

    @Override
    public long sizeBytes() {
        return space.sizeBytes();
    }

    @Override
    public boolean readOnly() {
        return false;
    }

    @Override
    public boolean supports(BlockOperation operation) {
        return true;
    }

    /// Why the memory is not all on the huge pages that were asked for, or null if it is or none were.
    public @Nullable String hugePageFallback() {
        synchronized (mappings) {
            return mappings.stream()
                    .map(Mapping::fallback)
                    .filter(java.util.Objects::nonNull)
                    .findFirst()
                    .orElse(null);
        }
    }

    @Override
    public void resize(long newSizeBytes) {
        synchronized (mappings) {
            final RamSpace old = space;
            VolumeRules.requireGrowth(old.sizeBytes(), newSizeBytes, blockSize);
            if (newSizeBytes > old.sizeBytes()) {
                final Mapping mapping = map(newSizeBytes - old.sizeBytes(), hugePageBytes);
                mappings.add(mapping);
                space = old.grownBy(mapping.segment());
            }
        }
    }

    @Override
    public VolumeChannel openChannel(Reactor reactor) {
        return new RamChannel(this, reactor);
    }

    @Override
    public void close() {
        synchronized (mappings) {
            mappings.forEach(Mapping::close);
            mappings.clear();
        }
    }

    RamSpace space() {
        return space;
    }
}
