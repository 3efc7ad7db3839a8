package io.basalt.virtio.vhostuser;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// What makes whole messages of the bytes and descriptors that a stream socket delivers, in any fragmentation.
///
/// It asks for exactly the bytes that are missing to the end of the header or of the payload, never more: so
/// the descriptors that arrive belong to the message being assembled, and a message that cannot be handled yet
/// stays in the socket, where it holds up nobody but its sender.
///
/// Descriptors come with the first bytes of a header. From [#accept] on they are the assembler's until
/// [#takeFd], and [#closeFds] closes those that nobody took.
public final class MessageAssembler {
    /// A deadline that never comes.
    public static final long NO_DEADLINE = Long.MAX_VALUE;

    private final VhostUserMessage message;
    private final long timeLimitNs;
    private int filled;
    private int[] fds = new int[VhostUserSpec.MEMORY_BASELINE_NREGIONS];
    private int fdCount;
    private long deadlineNs = NO_DEADLINE;

    /// @param timeLimitNs how long one message may take from its first byte to its last
    public MessageAssembler(VhostUserMessage message, long timeLimitNs) {
        this.message = message;
        this.timeLimitNs = timeLimitNs;
    }

    /// The message under assembly; valid when [#complete()].
    public VhostUserMessage message() {
        return message;
    }

    /// Bytes still missing to the end of the header or payload; 0 when complete.
    public int bytesWanted() {
        if (filled < VhostUserSpec.HEADER_SIZE) {
            return VhostUserSpec.HEADER_SIZE - filled;
        }
        return VhostUserSpec.HEADER_SIZE + message.size() - filled;
    }

    /// Where the next bytes go, [#bytesWanted()] long.
    public MemorySegment input() {
        return message.buffer().asSlice(filled, bytesWanted());
    }

    /// Whether a whole message is there.
    public boolean complete() {
        return filled >= VhostUserSpec.HEADER_SIZE && bytesWanted() == 0;
    }

    /// Whether not a byte of a next message is there.
    public boolean empty() {
        return filled == 0;
    }

    /// The time by which the message must be complete, or [#NO_DEADLINE] if none has begun.
    public long deadlineNs() {
        return deadlineNs;
    }

    /// Take note of bytes written to [#input()].
    ///
    /// @param count bytes, 1 to [#bytesWanted()]
    /// @param newFds descriptors that came with them; theirs is now the assembler
    /// @return the broken rule, or null
    public @Nullable String accept(int count, int[] newFds, int newFdCount, long nowNs) {
        assert count >= 1 && count <= bytesWanted() : count;
        final boolean first = filled == 0;
        adopt(newFds, newFdCount);
        filled += count;
        if (first) {
            deadlineNs = nowNs + timeLimitNs;
        } else if (newFdCount > 0) {
            return "descriptors: " + newFdCount + " in the middle of a message, want them with its first byte";
        }
        if (filled == VhostUserSpec.HEADER_SIZE) {
            final String violation = message.violation();
            if (violation != null) {
                return violation;
            }
        }
        if (complete()) {
            deadlineNs = NO_DEADLINE;
        }
        return null;
    }

    private void adopt(int[] newFds, int newFdCount) {
        if (fdCount + newFdCount > fds.length) {
            fds = Arrays.copyOf(fds, fdCount + newFdCount);
        }
        System.arraycopy(newFds, 0, fds, fdCount, newFdCount);
        fdCount += newFdCount;
    }

    /// Descriptors that came with the message.
    public int fdCount() {
        return fdCount;
    }

    /// Refuse a message that came with another number of descriptors.
    void requireFds(int count) throws RefusedException {
        if (fdCount != count) {
            throw new RefusedException(fdCount + " descriptors: want " + count);
        }
    }

    /// Look at a descriptor without taking it.
    public int fd(int number) {
        assert number < fdCount : number;
        return fds[number];
    }

    /// Take a descriptor: it is the caller's from now on.
    public int takeFd(int number) {
        final int fd = fd(number);
        assert fd >= 0 : "taken twice";
        fds[number] = -1;
        return fd;
    }

    /// Close the descriptors that nobody took.
    ///
    /// @return how many those were
    public int closeFds(FdOwner owner) {
        int closed = 0;
        for (int i = 0; i < fdCount; i++) {
            if (fds[i] >= 0) {
                owner.close(fds[i]);
                closed++;
            }
        }
        fdCount = 0;
        return closed;
    }

    /// Begin with the next message.
    public void next() {
        assert fdCount == 0 : "descriptors left";
        filled = 0;
        deadlineNs = NO_DEADLINE;
    }
}
