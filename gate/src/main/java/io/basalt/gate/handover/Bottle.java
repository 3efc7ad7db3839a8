package io.basalt.gate.handover;

import io.basalt.linux.Errno;
import io.basalt.linux.LinuxException;
import io.basalt.linux.file.FileDescriptor;
import io.basalt.linux.file.FileStatus;
import io.basalt.linux.memory.Mapping;
import io.basalt.linux.memory.MemFd;
import io.basalt.linux.socket.UnixSocket;
import io.basalt.wire.meta.MetaFormatException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// A message and its descriptors behind one descriptor, for somebody who keeps descriptors and asks
/// nothing: a socket in which it lies unread, and whose other end is closed.
///
/// ```
///  byte 'B' + descriptors   byte 'B' + descriptors        end of the stream
///  (at most 253)            (the next 253)           ...
///   |
///   the first of all is a memory file that holds the message's frame, see HandoverFormat
/// ```
///
/// The frame is not in the socket, since a socket takes some 200 KiB unread, and a configuration may be
/// longer.
public final class Bottle {
    private static final byte ROW = 'B';

    private Bottle() {}

    /// Put a message away.
    ///
    /// @param message its descriptors stay the caller's
    /// @return the bottle, the caller's
    /// @throws LinuxException if the kernel refuses
    public static int seal(HandoverMessage message) {
        final HandoverCodec.Frame frame = HandoverCodec.encode(message);
        try (MemFd memory = MemFd.create("basalt-bottle", frame.bytes().length)) {
            try (Mapping mapping = Mapping.ofFile(memory.fd(), 0, frame.bytes().length, true)) {
                mapping.segment().copyFrom(MemorySegment.ofArray(frame.bytes()));
            }
            final int[] fds = new int[1 + frame.fds().size()];
            fds[0] = memory.fd();
            for (int i = 1; i < fds.length; i++) {
                fds[i] = frame.fds().get(i - 1);
            }
            return sealed(fds);
        }
    }

    private static int sealed(int[] fds) {
        final UnixSocket.Pair pair = UnixSocket.pair();
        try (UnixSocket in = pair.left();
                Arena arena = Arena.ofConfined()) {
            final MemorySegment row = arena.allocateFrom(ValueLayout.JAVA_BYTE, ROW);
            for (int at = 0; at < fds.length; at += UnixSocket.FDS_MAX) {
                final int[] some = Arrays.copyOfRange(fds, at, Math.min(fds.length, at + UnixSocket.FDS_MAX));
                final int result = in.send(row, 1, some, some.length);
                if (result < 0) {
                    pair.right().close();
                    throw new LinuxException("sendmsg", -result, fds.length + " descriptors into a socket");
                }
            }
        }
        return pair.right().release();
    }

    /// Take a message out, after which the bottle is empty, and closed.
    ///
    /// @param bottle this method's
    /// @return the message; its descriptors are the caller's
    /// @throws MetaFormatException if there is none that is understood; nothing is left open then
    public static HandoverMessage open(int bottle) {
        final List<Integer> fds = new ArrayList<>();
        try (UnixSocket out = UnixSocket.adopt(bottle)) {
            takeFds(out, fds);
            if (fds.isEmpty()) {
                throw new MetaFormatException("the bottle is empty");
            }
            final int memory = fds.getFirst();
            final byte[] frame = content(memory);
            final HandoverFormat.Header header =
                    HandoverFormat.header(Arrays.copyOf(frame, HandoverFormat.HEADER_BYTES));
            final byte[] body = Arrays.copyOfRange(frame, HandoverFormat.HEADER_BYTES, frame.length);
            if (body.length != header.length() || fds.size() != 1 + header.fdCount()) {
                throw new MetaFormatException("a bottle of " + frame.length + " bytes and " + fds.size()
                        + " descriptors holds another message than its header says");
            }
            HandoverFormat.check(header, body);
            final HandoverMessage message =
                    HandoverCodec.decode(header.type(), body, List.copyOf(fds.subList(1, fds.size())));
            FileDescriptor.close(memory);
            return message;
        } catch (MetaFormatException | LinuxException unusable) {
            fds.forEach(FileDescriptor::close);
            throw unusable;
        }
    }

    private static void takeFds(UnixSocket out, List<Integer> fds) {
        final int[] row = new int[UnixSocket.FDS_MAX];
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment one = arena.allocate(1);
            while (true) {
                final int result = out.receive(one, 1, row);
                for (int i = 0; i < out.receivedFds(); i++) {
                    fds.add(row[i]);
                }
                if (result == 0) {
                    return;
                }
                if (result < 0 || one.get(ValueLayout.JAVA_BYTE, 0) != ROW) {
                    throw new MetaFormatException(
                            "this is no bottle: " + (result < 0 ? Errno.describe(-result) : "a byte that is none"));
                }
            }
        }
    }

    private static byte[] content(int memory) {
        final long length = FileStatus.of(memory).size();
        if (length < HandoverFormat.HEADER_BYTES
                || length > HandoverFormat.HEADER_BYTES + (long) HandoverFormat.BODY_BYTES_MAX) {
            throw new MetaFormatException("a bottle's message has " + length + " bytes");
        }
        try (Mapping mapping = Mapping.ofFile(memory, 0, length, false)) {
            return mapping.segment().toArray(ValueLayout.JAVA_BYTE);
        }
    }
}
