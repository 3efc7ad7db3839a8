package io.basalt.virtio.blk;

import static io.basalt.virtio.blk.BlkSpec.HEADER_LENGTH;
import static io.basalt.virtio.blk.BlkSpec.HEADER_SECTOR_OFFSET;
import static io.basalt.virtio.blk.BlkSpec.SECTOR_LENGTH;
import static io.basalt.virtio.blk.BlkSpec.SECTOR_SHIFT;
import static io.basalt.virtio.blk.BlkSpec.SEGMENT_LENGTH;
import static io.basalt.virtio.blk.BlkSpec.VIRTIO_BLK_ID_BYTES;
import static io.basalt.virtio.blk.BlkSpec.VIRTIO_BLK_S_IOERR;
import static io.basalt.virtio.blk.BlkSpec.VIRTIO_BLK_S_OK;
import static io.basalt.virtio.blk.BlkSpec.VIRTIO_BLK_S_UNSUPP;
import static io.basalt.virtio.blk.BlkSpec.VIRTIO_BLK_WRITE_ZEROES_FLAG_UNMAP;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import io.basalt.block.BlockOperation;
import io.basalt.block.IoVector;
import io.basalt.block.RegionTable;
import io.basalt.linux.memory.HostMemory;
import io.basalt.virtio.memory.GuestMemory;
import io.basalt.virtio.queue.DescriptorChain;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// What turns a descriptor chain into a [BlkRequest], or into a status at once (virtio 1.2 section 5.2.6).
///
/// ```
/// readable:  | type 4 | reserved 4 | sector 8 | data of a write, or segments |
/// writable:  | data of a read, or id |                             | status 1 |
/// ```
///
/// How the bytes are spread over descriptors does not matter (`VIRTIO_F_ANY_LAYOUT`): the header is the first 16
/// readable bytes, the status the last writable one. Readable bytes behind what a type needs, and writable bytes
/// between the data and the status, are ignored.
///
/// The result depends on nothing but the chain, the guest's memory and the device's state. Everything is hostile:
/// the header and each segment are copied out of guest memory exactly once and checked in the copy. Allocates
/// nothing, throws nothing but the `InternalError` of memory that was taken away. One owner thread.
final class BlkRequestParser {
    /// The request is filled in and wants to be executed.
    static final int PREPARED = -1;
    /// The request asks for the disk's id, whose place is in its data.
    static final int PREPARED_ID = -2;
    /// There is no writable byte, so there can be no answer.
    static final int ANSWER_MISSING = -3;
    /// The status byte lies outside guest memory, so there can be no answer.
    static final int ANSWER_OUTSIDE_MEMORY = -4;

    /// What [#parsePlain] answers for a request that it leaves to [#parseAny].
    private static final int NOT_PLAIN = -5;

    private static final ValueLayout.OfInt LE32 = JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LE64 = JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final BlkDevice device;
    private final BlkLimits limits;
    private final int blockMask;
    private final int dataLengthMax;
    private final boolean readOnly;
    private final MemorySegment copy;
    private int answerEntry;

    private GuestMemory memory = GuestMemory.EMPTY;
    private RegionTable table = RegionTable.EMPTY;

    /// The region that answered last, and what [#parsePlain] needs of it. Holds nothing in new memory.
    private int hint;
    private long hintStart;
    private long hintSize;
    private long hintHost;

    BlkRequestParser(BlkDevice device) {
        this.device = device;
        limits = device.limits();
        blockMask = device.blockSize() - 1;
        dataLengthMax = limits.dataLengthMax();
        readOnly = device.readOnly();
        copy = MemorySegment.ofArray(new byte[Math.max(HEADER_LENGTH, limits.rangeCountMax() * SEGMENT_LENGTH)]);
    }

    /// From now on chains name bytes of this memory.
    void useMemory(GuestMemory newMemory) {
        memory = newMemory;
        table = newMemory.table();
        hint = 0;
        hintSize = 0;
    }

    /// Parse a chain.
    ///
    /// @param request begun; filled in here
    /// @return a virtio status (0 or more) if the request is decided, or one of the negative results above
    int parse(DescriptorChain chain, BlkRequest request) {
        final int verdict = parsePlain(chain, request);
        return verdict == NOT_PLAIN ? parseAny(chain, request) : verdict;
    }

    /// Look at this region first next time.
    private void remember(int region) {
        if (region == hint && hintSize != 0) {
            return;
        }
        hint = region;
        hintStart = memory.guestAddress(region);
        hintSize = memory.size(region);
        hintHost = memory.hostAddress(region, hintStart);
    }

    /// The reads and writes that drivers send all day: header, one piece of data and status in descriptors
    /// of their own, all in the region that answered last. Finds what [#parseAny] would find, with that
    /// region looked up only once.
    private int parsePlain(DescriptorChain chain, BlkRequest request) {
        if (chain.count() != 3) {
            return NOT_PLAIN;
        }
        final long[] entries = chain.words();
        if (entries[5] != 1 || entries[1] != HEADER_LENGTH) {
            return NOT_PLAIN;
        }
        final long start = hintStart;
        final long size = hintSize;
        final long header = entries[0] - start;
        final long offset = entries[2] - start;
        final long answer = entries[4] - start;
        final int length = (int) entries[3];
        if (!isWithin(header, HEADER_LENGTH, size) || !isWithin(offset, length, size) || !isWithin(answer, 1, size)) {
            return NOT_PLAIN;
        }
        final long host = hintHost + header;
        final int type = HostMemory.load32(host, 0);
        final boolean read = type == BlkSpec.VIRTIO_BLK_T_IN && chain.readableCount() == 1;
        if (!read && (type != BlkSpec.VIRTIO_BLK_T_OUT || chain.readableCount() != 2 || readOnly)) {
            return NOT_PLAIN;
        }
        final long sector = HostMemory.load64(host, HEADER_SECTOR_OFFSET);
        if (length > dataLengthMax || !isTransfer(sector, length)) {
            return NOT_PLAIN;
        }
        request.data().hold(table, hint, offset, length);
        request.answerAt(hintHost + answer, start + answer);
        request.kind(read ? BlkQueueCounters.READ : BlkQueueCounters.WRITE);
        request.prepareTransfer(read ? BlockOperation.READ : BlockOperation.WRITE, sector << SECTOR_SHIFT, length);
        return PREPARED;
    }

    /// Whether a range lies in a region that is not larger than 2^63, as those are that can be mapped.
    private static boolean isWithin(long offset, int length, long size) {
        return offset >= 0 && offset <= size - length;
    }

    private int parseAny(DescriptorChain chain, BlkRequest request) {
        request.askNothing();
        final int answer = findAnswer(chain, request);
        if (answer < 0) {
            return answer;
        }
        if (chain.readableBytes() < HEADER_LENGTH) {
            return VIRTIO_BLK_S_IOERR;
        }
        final int type;
        final long sector;
        final long first = chain.address(0);
        final int region = chain.length(0) >= HEADER_LENGTH ? memory.find(first, HEADER_LENGTH, hint) : -1;
        if (region >= 0) {
            final long header = memory.hostAddress(region, first);
            type = HostMemory.load32(header, 0);
            sector = HostMemory.load64(header, HEADER_SECTOR_OFFSET);
            remember(region);
        } else {
            if (!gather(chain, 0, HEADER_LENGTH)) {
                return VIRTIO_BLK_S_IOERR;
            }
            type = copy.get(LE32, 0);
            sector = copy.get(LE64, HEADER_SECTOR_OFFSET);
        }
        return dispatch(type & ~BlkSpec.VIRTIO_BLK_T_BARRIER, sector, chain, request);
    }

    private int dispatch(int type, long sector, DescriptorChain chain, BlkRequest request) {
        return switch (type) {
            case BlkSpec.VIRTIO_BLK_T_IN -> {
                request.kind(BlkQueueCounters.READ);
                yield read(sector, chain, request);
            }
            case BlkSpec.VIRTIO_BLK_T_OUT -> {
                request.kind(BlkQueueCounters.WRITE);
                yield write(sector, chain, request);
            }
            case BlkSpec.VIRTIO_BLK_T_FLUSH -> {
                request.kind(BlkQueueCounters.FLUSH);
                yield flush(request);
            }
            case BlkSpec.VIRTIO_BLK_T_GET_ID -> id(chain, request);
            case BlkSpec.VIRTIO_BLK_T_DISCARD -> {
                request.kind(BlkQueueCounters.UNMAP);
                yield ranges(BlockOperation.DISCARD, chain, request);
            }
            case BlkSpec.VIRTIO_BLK_T_WRITE_ZEROES -> {
                request.kind(BlkQueueCounters.UNMAP);
                yield ranges(BlockOperation.WRITE_ZEROES, chain, request);
            }
            default -> VIRTIO_BLK_S_UNSUPP;
        };
    }

    /// Find the last writable byte.
    private int findAnswer(DescriptorChain chain, BlkRequest request) {
        final int readableCount = chain.readableCount();
        int entry = chain.count() - 1;
        while (entry >= readableCount && chain.length(entry) == 0) {
            entry--;
        }
        if (entry < readableCount) {
            return ANSWER_MISSING;
        }
        final long last = chain.address(entry) + chain.length(entry) - 1;
        final int region = memory.find(last, 1, hint);
        if (region < 0 || wraps(chain.address(entry), chain.length(entry))) {
            return ANSWER_OUTSIDE_MEMORY;
        }
        answerEntry = entry;
        remember(region);
        request.answerAt(memory.hostAddress(region, last), last);
        return 0;
    }

    private int read(long sector, DescriptorChain chain, BlkRequest request) {
        final long length = chain.writableBytes() - 1;
        if (length > dataLengthMax || !isTransfer(sector, length)) {
            return VIRTIO_BLK_S_IOERR;
        }
        if (!appendWritable(chain, request.data(), (int) length)) {
            return VIRTIO_BLK_S_IOERR;
        }
        request.prepareTransfer(BlockOperation.READ, sector << SECTOR_SHIFT, length);
        return PREPARED;
    }

    private int write(long sector, DescriptorChain chain, BlkRequest request) {
        final long length = chain.readableBytes() - HEADER_LENGTH;
        if (readOnly || length > dataLengthMax || !isTransfer(sector, length)) {
            return VIRTIO_BLK_S_IOERR;
        }
        if (!appendReadable(chain, request.data())) {
            return VIRTIO_BLK_S_IOERR;
        }
        request.prepareTransfer(BlockOperation.WRITE, sector << SECTOR_SHIFT, length);
        return PREPARED;
    }

    private int flush(BlkRequest request) {
        if (!device.offers(BlkSpec.VIRTIO_BLK_F_FLUSH)) {
            return VIRTIO_BLK_S_UNSUPP;
        }
        request.prepareFlush();
        return PREPARED;
    }

    /// A buffer that is too short gets the id's first bytes: drivers have been seen to pass fewer than 20.
    private int id(DescriptorChain chain, BlkRequest request) {
        final int length = (int) Math.min(VIRTIO_BLK_ID_BYTES, chain.writableBytes() - 1);
        if (!appendWritable(chain, request.data(), length)) {
            return VIRTIO_BLK_S_IOERR;
        }
        request.prepareId();
        return PREPARED_ID;
    }

    private int ranges(BlockOperation operation, DescriptorChain chain, BlkRequest request) {
        final boolean discard = operation == BlockOperation.DISCARD;
        if (!device.offers(discard ? BlkSpec.VIRTIO_BLK_F_DISCARD : BlkSpec.VIRTIO_BLK_F_WRITE_ZEROES)) {
            return VIRTIO_BLK_S_UNSUPP;
        }
        final long length = chain.readableBytes() - HEADER_LENGTH;
        final int most = discard ? limits.discardSegmentsMax() : limits.writeZeroesSegmentsMax();
        if (readOnly || length == 0 || length % SEGMENT_LENGTH != 0 || length > (long) most * SEGMENT_LENGTH) {
            return VIRTIO_BLK_S_IOERR;
        }
        if (!gather(chain, HEADER_LENGTH, (int) length)) {
            return VIRTIO_BLK_S_IOERR;
        }
        final int sectorsMax = discard ? limits.discardSectorsMax() : limits.writeZeroesSectorsMax();
        final int allowedFlags = discard ? 0 : VIRTIO_BLK_WRITE_ZEROES_FLAG_UNMAP;
        // Every segment is checked before the first is executed: a request that is refused has changed nothing.
        for (int at = 0; at < length; at += SEGMENT_LENGTH) {
            final long sector = copy.get(LE64, at);
            final long sectors = Integer.toUnsignedLong(copy.get(LE32, at + 8));
            final int flags = copy.get(LE32, at + 12);
            if ((flags & ~allowedFlags) != 0) {
                return VIRTIO_BLK_S_UNSUPP;
            }
            if (sectors > sectorsMax || !isInside(sector, sectors << SECTOR_SHIFT)) {
                return VIRTIO_BLK_S_IOERR;
            }
            if (sectors > 0) {
                request.addRange(sector << SECTOR_SHIFT, sectors << SECTOR_SHIFT, flags != 0);
            }
        }
        return request.prepareRanges(operation) ? PREPARED : VIRTIO_BLK_S_OK;
    }

    private boolean isTransfer(long sector, long length) {
        return length > 0 && (length & SECTOR_LENGTH - 1) == 0 && isInside(sector, length);
    }

    /// Whether a range lies on the disk, in whole blocks.
    private boolean isInside(long sector, long length) {
        final long capacity = device.capacitySectors();
        // In this order nothing overflows: the sector is compared before it is shifted or subtracted.
        return sector >= 0
                && sector <= capacity
                && length >>> SECTOR_SHIFT <= capacity - sector
                && ((sector << SECTOR_SHIFT | length) & blockMask) == 0;
    }

    /// Append the first bytes of the writable entries; at most all but the status byte.
    private boolean appendWritable(DescriptorChain chain, IoVector data, int length) {
        data.reset(table);
        int left = length;
        for (int entry = chain.readableCount(); entry <= answerEntry && left > 0; entry++) {
            final int piece = Math.min(chain.length(entry), left);
            if (piece > 0 && !append(data, chain.address(entry), piece)) {
                return false;
            }
            left -= piece;
        }
        assert left == 0;
        return true;
    }

    /// Append all readable bytes behind the header.
    private boolean appendReadable(DescriptorChain chain, IoVector data) {
        data.reset(table);
        int skip = HEADER_LENGTH;
        for (int entry = 0; entry < chain.readableCount(); entry++) {
            final int length = chain.length(entry);
            final int skipped = Math.min(skip, length);
            skip -= skipped;
            // The whole entry is looked at: what is left of it may lie behind the end of the address space.
            if (wraps(chain.address(entry), length)
                    || (length > skipped && !append(data, chain.address(entry) + skipped, length - skipped))) {
                return false;
            }
        }
        return true;
    }

    private boolean append(IoVector data, long address, int length) {
        if (wraps(address, length)) {
            return false;
        }
        final int region = memory.append(data, address, length, hint);
        if (region < 0) {
            return false;
        }
        remember(region);
        return true;
    }

    /// Whether a range goes on beyond address 2^64 - 1.
    private static boolean wraps(long address, int length) {
        return length > 0 && Long.compareUnsigned(address + length - 1, address) < 0;
    }

    /// Copy readable bytes out of guest memory, once. Bytewise where they are scattered, which only boot loaders
    /// and attackers do.
    ///
    /// @param from position among all readable bytes
    private boolean gather(DescriptorChain chain, int from, int length) {
        int skip = from;
        int done = 0;
        for (int entry = 0; done < length; entry++) {
            assert entry < chain.readableCount();
            final int skipped = Math.min(skip, chain.length(entry));
            skip -= skipped;
            final int piece = Math.min(chain.length(entry) - skipped, length - done);
            if (wraps(chain.address(entry), chain.length(entry))
                    || (piece > 0 && !copyOut(chain.address(entry) + skipped, done, piece))) {
                return false;
            }
            done += piece;
        }
        return true;
    }

    private boolean copyOut(long address, int to, int length) {
        final int whole = memory.find(address, length, hint);
        if (whole >= 0) {
            remember(whole);
            MemorySegment.copy(memory.segment(whole), address - memory.guestAddress(whole), copy, to, length);
            return true;
        }
        for (int i = 0; i < length; i++) {
            final int region = memory.find(address + i, 1, hint);
            if (region < 0) {
                return false;
            }
            final long offset = address + i - memory.guestAddress(region);
            copy.set(ValueLayout.JAVA_BYTE, to + i, memory.segment(region).get(ValueLayout.JAVA_BYTE, offset));
        }
        return true;
    }
}
