package io.basalt.virtio.scsi;

import io.basalt.block.IoVector;
import io.basalt.virtio.memory.DirtyLog;
import io.basalt.virtio.memory.GuestMemory;
import io.basalt.virtio.queue.DescriptorChain;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/// One descriptor chain as two runs of bytes, those to read and those to write, however they are spread over
/// descriptors and guest memory. Reused for chain after chain. What is copied is copied once; what is written is
/// marked in the dirty log. One owner thread.
final class DescriptorWindow {
    private final DescriptorChain chain;
    private final IoVector pieces;
    private GuestMemory memory = GuestMemory.EMPTY;
    private @Nullable DirtyLog log;
    private final int ringSize;
    private int hint;

    /// @param ringSize descriptors of the ring
    /// @param capacity most descriptors of a chain
    DescriptorWindow(int ringSize, int capacity) {
        this.ringSize = ringSize;
        chain = new DescriptorChain(capacity);
        // One more for each border between regions that a run may cross.
        pieces = new IoVector(2 * capacity);
    }

    /// From now on chains name bytes of this memory.
    void use(GuestMemory newMemory, @Nullable DirtyLog newLog) {
        memory = newMemory;
        log = newLog;
        hint = 0;
    }

    /// Descriptors of the ring that the chains come from.
    int ringSize() {
        return ringSize;
    }

    DescriptorChain chain() {
        return chain;
    }

    /// Name bytes to read.
    ///
    /// @param skip bytes that come before them
    /// @return false if they are not all there, in guest memory, in as many pieces as fit
    boolean readable(int skip, int length, IoVector into) {
        return map(0, chain.readableCount(), skip, length, into);
    }

    /// Name bytes to write.
    ///
    /// @param skip bytes that come before them
    /// @return false if they are not all there, in guest memory, in as many pieces as fit
    boolean writable(int skip, int length, IoVector into) {
        return map(chain.readableCount(), chain.count(), skip, length, into);
    }

    private boolean map(int first, int end, int skip, int length, IoVector into) {
        into.reset(memory.table());
        int before = skip;
        int left = length;
        for (int entry = first; entry < end && left > 0; entry++) {
            final int here = chain.length(entry);
            final int skipped = Math.min(before, here);
            final int piece = Math.min(here - skipped, left);
            before -= skipped;
            if (piece > 0) {
                final int region = memory.append(into, chain.address(entry) + skipped, piece, hint);
                if (region < 0) {
                    return false;
                }
                hint = region;
                left -= piece;
            }
        }
        return left == 0;
    }

    /// Copy bytes to read.
    ///
    /// @return false if they are not all there, in guest memory
    boolean copyOut(int skip, byte[] to, int length) {
        if (!readable(skip, length, pieces)) {
            return false;
        }
        int at = 0;
        for (int i = 0; i < pieces.count(); i++) {
            final int piece = pieces.length(i);
            MemorySegment.copy(pieces.segment(i), ValueLayout.JAVA_BYTE, pieces.offset(i), to, at, piece);
            at += piece;
        }
        return true;
    }

    /// Copy to bytes to write.
    ///
    /// @return false if they are not all there, in guest memory
    boolean copyIn(int skip, byte[] from, int length) {
        if (!writable(skip, length, pieces)) {
            return false;
        }
        copyTo(pieces, from);
        mark(pieces);
        return true;
    }

    /// Copy to places that were named before.
    static void copyTo(IoVector places, byte[] from) {
        int at = 0;
        for (int i = 0; i < places.count(); i++) {
            final int piece = places.length(i);
            MemorySegment.copy(from, at, places.segment(i), ValueLayout.JAVA_BYTE, places.offset(i), piece);
            at += piece;
        }
    }

    /// Mark places as written, if somebody keeps a log: before the driver can see that they are.
    void mark(IoVector places) {
        final DirtyLog dirty = log;
        if (dirty != null) {
            for (int i = 0; i < places.count(); i++) {
                dirty.mark(memory.guestAddress(places.region(i)) + places.offset(i), places.length(i));
            }
        }
    }
}
