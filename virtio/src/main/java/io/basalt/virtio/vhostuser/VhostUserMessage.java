package io.basalt.virtio.vhostuser;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/// One vhost-user message, read and written in place.
///
/// ```
///   0        4        8        12
///   ┌────────┬────────┬────────┬───────────────────────────────┐
///   │request │ flags  │ size   │ payload, `size` bytes         │
///   └────────┴────────┴────────┴───────────────────────────────┘
///   state      u32 index, u32 num
///   addr       u32 index, u32 flags, u64 descriptor, u64 used, u64 available, u64 log
///   memory     u32 count, u32 padding, count x region
///   single     u64 padding, region
///   region     u64 guest address, u64 size, u64 user address, u64 mmap offset
///   log        u64 size, u64 offset
///   inflight   u64 mmap size, u64 mmap offset, u16 queues, u16 queue size, u32 padding
///   config     u32 offset, u32 size, u32 flags, data
/// ```
///
/// Readers of payload fields look at bytes that exist in the buffer, whether or not the message is as long:
/// [#violation()] comes first. Not for use by two threads at a time.
public final class VhostUserMessage {
    private static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final int PAYLOAD = VhostUserSpec.HEADER_SIZE;

    private final MemorySegment buffer;

    /// @param buffer at least [VhostUserSpec#MESSAGE_SIZE_MAX] bytes
    public VhostUserMessage(MemorySegment buffer) {
        this.buffer = buffer.asSlice(0, VhostUserSpec.MESSAGE_SIZE_MAX);
    }

    /// A message in native memory of its own, freed when it is no longer reachable.
    public static VhostUserMessage allocate() {
        return new VhostUserMessage(Arena.ofAuto().allocate(VhostUserSpec.MESSAGE_SIZE_MAX, Long.BYTES));
    }

    /// The whole buffer.
    public MemorySegment buffer() {
        return buffer;
    }

    /// Header and payload as far as the header says; the size must have been checked.
    public MemorySegment bytes() {
        return buffer.asSlice(0, PAYLOAD + size());
    }

    public int request() {
        return buffer.get(U32, 0);
    }

    public int flags() {
        return buffer.get(U32, 4);
    }

    /// Payload bytes, as an unsigned 32-bit number; negative here means at least 2 GiB.
    public int size() {
        return buffer.get(U32, 8);
    }

    public boolean needsReply() {
        return (flags() & VhostUserSpec.NEED_REPLY_MASK) != 0;
    }

    /// The header's broken rule, or null. A front end that breaks one does not speak this protocol.
    public @Nullable String headerViolation() {
        final int flags = flags();
        if ((flags & VhostUserSpec.VERSION_MASK) != VhostUserSpec.VERSION) {
            return "header: version " + (flags & VhostUserSpec.VERSION_MASK) + ", want " + VhostUserSpec.VERSION;
        }
        if (Integer.compareUnsigned(size(), VhostUserSpec.PAYLOAD_SIZE_MAX) > 0) {
            return "header: payload of " + Integer.toUnsignedString(size()) + " bytes, at most "
                    + VhostUserSpec.PAYLOAD_SIZE_MAX;
        }
        return null;
    }

    /// The broken rule of a request as a whole, or null: its header's, its direction's, or its payload size's.
    public @Nullable String violation() {
        final String header = headerViolation();
        if (header != null) {
            return header;
        }
        if ((flags() & VhostUserSpec.REPLY_MASK) != 0) {
            return VhostUserSpec.name(request()) + ": is a reply, want a request";
        }
        final int min = VhostUserSpec.payloadSizeMin(request());
        final int max = VhostUserSpec.payloadSizeMax(request());
        if (size() < min || size() > max) {
            return VhostUserSpec.name(request()) + ": payload of " + size() + " bytes, want "
                    + (min == max ? "" + min : min + " to " + max);
        }
        return null;
    }

    /// The broken rule of a reply, or null. Flags are compared exactly.
    public @Nullable String replyViolation(int request) {
        final String header = headerViolation();
        if (header != null) {
            return header;
        }
        if (request() != request) {
            return "reply to " + VhostUserSpec.name(request()) + ", want one to " + VhostUserSpec.name(request);
        }
        if (flags() != VhostUserSpec.REPLY_FLAGS) {
            return VhostUserSpec.name(request) + ": reply flags 0x" + Integer.toHexString(flags()) + ", want 0x5";
        }
        return null;
    }

    /// Begin a new message: header, and a payload of zeroes.
    public VhostUserMessage begin(int request, int flags, int size) {
        assert size >= 0 && size <= VhostUserSpec.PAYLOAD_SIZE_MAX : size;
        buffer.asSlice(0, PAYLOAD + size).fill((byte) 0);
        buffer.set(U32, 0, request);
        buffer.set(U32, 4, flags);
        buffer.set(U32, 8, size);
        return this;
    }

    public VhostUserMessage flags(int flags) {
        buffer.set(U32, 4, flags);
        return this;
    }

    public long u64() {
        return buffer.get(U64, PAYLOAD);
    }

    public VhostUserMessage u64(long value) {
        buffer.set(U64, PAYLOAD, value);
        return this;
    }

    /// Queue index of a state or addr payload, unsigned.
    public int index() {
        return buffer.get(U32, PAYLOAD);
    }

    /// Number of a state payload.
    public int num() {
        return buffer.get(U32, PAYLOAD + 4);
    }

    public VhostUserMessage state(int index, int num) {
        buffer.set(U32, PAYLOAD, index);
        buffer.set(U32, PAYLOAD + 4, num);
        return this;
    }

    public int addressFlags() {
        return buffer.get(U32, PAYLOAD + 4);
    }

    public long descriptorAddress() {
        return buffer.get(U64, PAYLOAD + 8);
    }

    public long usedAddress() {
        return buffer.get(U64, PAYLOAD + 16);
    }

    public long availableAddress() {
        return buffer.get(U64, PAYLOAD + 24);
    }

    public long logAddress() {
        return buffer.get(U64, PAYLOAD + 32);
    }

    public VhostUserMessage addresses(int index, int flags, long descriptor, long used, long available, long log) {
        buffer.set(U32, PAYLOAD, index);
        buffer.set(U32, PAYLOAD + 4, flags);
        buffer.set(U64, PAYLOAD + 8, descriptor);
        buffer.set(U64, PAYLOAD + 16, used);
        buffer.set(U64, PAYLOAD + 24, available);
        buffer.set(U64, PAYLOAD + 32, log);
        return this;
    }

    /// Region count of a memory payload, unsigned.
    public int regionCount() {
        return buffer.get(U32, PAYLOAD);
    }

    public VhostUserMessage regionCount(int count) {
        buffer.set(U32, PAYLOAD, count);
        return this;
    }

    /// A region of a memory payload, 0 to 7; for a single-region payload the one with number 0.
    public RegionDescription region(int number) {
        final long at = PAYLOAD + VhostUserSpec.MEMORY_HEADER_SIZE + (long) number * VhostUserSpec.MEMORY_REGION_SIZE;
        return new RegionDescription(
                buffer.get(U64, at), buffer.get(U64, at + 8), buffer.get(U64, at + 16), buffer.get(U64, at + 24));
    }

    public VhostUserMessage region(int number, RegionDescription region) {
        final long at = PAYLOAD + VhostUserSpec.MEMORY_HEADER_SIZE + (long) number * VhostUserSpec.MEMORY_REGION_SIZE;
        buffer.set(U64, at, region.guestAddress());
        buffer.set(U64, at + 8, region.size());
        buffer.set(U64, at + 16, region.userAddress());
        buffer.set(U64, at + 24, region.mmapOffset());
        return this;
    }

    /// Size of a log or inflight payload.
    public long mapSize() {
        return buffer.get(U64, PAYLOAD);
    }

    /// Offset of a log or inflight payload.
    public long mapOffset() {
        return buffer.get(U64, PAYLOAD + 8);
    }

    public VhostUserMessage map(long size, long offset) {
        buffer.set(U64, PAYLOAD, size);
        buffer.set(U64, PAYLOAD + 8, offset);
        return this;
    }

    public int inflightQueueCount() {
        return Short.toUnsignedInt(buffer.get(U16, PAYLOAD + 16));
    }

    public int inflightQueueSize() {
        return Short.toUnsignedInt(buffer.get(U16, PAYLOAD + 18));
    }

    public VhostUserMessage inflightQueues(int count, int size) {
        buffer.set(U16, PAYLOAD + 16, (short) count);
        buffer.set(U16, PAYLOAD + 18, (short) size);
        return this;
    }

    /// Offset of a config payload, unsigned.
    public int configOffset() {
        return buffer.get(U32, PAYLOAD);
    }

    /// Size of a config payload's data, unsigned.
    public int configSize() {
        return buffer.get(U32, PAYLOAD + 4);
    }

    public int configFlags() {
        return buffer.get(U32, PAYLOAD + 8);
    }

    public VhostUserMessage config(int offset, int size, int flags) {
        buffer.set(U32, PAYLOAD, offset);
        buffer.set(U32, PAYLOAD + 4, size);
        buffer.set(U32, PAYLOAD + 8, flags);
        return this;
    }

    /// Data of a config payload; its size must have been checked.
    public MemorySegment configBytes(int size) {
        return buffer.asSlice(PAYLOAD + VhostUserSpec.CONFIG_HEADER_SIZE, size);
    }
}
