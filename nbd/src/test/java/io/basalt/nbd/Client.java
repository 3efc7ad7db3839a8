package io.basalt.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A client of one [Transmission] over a [HandStream]: puts requests on the wire and takes replies
/// apart.
final class Client implements Transmission.Owner {
    private static final int PAGE_BYTES = 4096;

    final HandStream stream = new HandStream();
    final Transmission transmission;
    final ReplyStyle style;
    final TransmissionCounters counters = new TransmissionCounters();
    private final List<ExtentQuery> queries = new ArrayList<>();
    private final Map<Long, Integer> readLengths = new HashMap<>();
    private byte[] waiting = {};
    private int delivered;
    private ByteBuffer unread = ByteBuffer.allocate(1 << 16).flip();
    private @Nullable String closedBecause;

    /// A reply, or a chunk of one.
    ///
    /// @param type `NBD_REPLY_TYPE_*`; -1 for a simple reply
    /// @param error 0 if none
    /// @param offset of a chunk of content or of an error at an offset
    @SuppressWarnings("ArrayRecordComponent") // a carrier of test data, never compared
    record Reply(long cookie, int type, boolean done, int error, long offset, byte[] content) {}

    Client(HandVolume volume, ReplyStyle style) {
        this(volume, style, false);
    }

    Client(HandVolume volume, ReplyStyle style, boolean readOnly) {
        this.style = style;
        final Export export = new Export("disk", "", volume, readOnly);
        final Agreement agreement =
                new Agreement(export, volume.sizeBytes(), export.transmissionFlags(style), style, style.chunked());
        final MemorySegment memory = Arena.ofAuto().allocate(TransmissionMemory.BYTES, PAGE_BYTES);
        transmission = new Transmission(agreement, volume, new TransmissionMemory(memory), () -> 0, counters, this);
        stream.handler(transmission);
        transmission.start(stream, MemorySegment.ofArray(new byte[0]));
    }

    @Override
    public void ask(ExtentQuery query) {
        queries.add(query);
    }

    @Override
    public void closed(String reason) {
        assertThat(closedBecause).isNull();
        closedBecause = reason;
    }

    @Nullable
    String closedBecause() {
        return closedBecause;
    }

    /// Put bytes on the wire; they go as [#deliver] lets them.
    void say(byte... bytes) {
        final byte[] more = Arrays.copyOfRange(waiting, delivered, waiting.length + bytes.length);
        System.arraycopy(bytes, 0, more, waiting.length - delivered, bytes.length);
        waiting = more;
        delivered = 0;
    }

    void request(int type, int flags, long cookie, long offset, long length, byte... content) {
        if (type == NbdSpec.CMD_READ) {
            readLengths.put(cookie, (int) length);
        } else {
            readLengths.remove(cookie);
        }
        say(new Wire()
                .request(style, type, flags, cookie, offset, length)
                .bytes(content)
                .toBytes());
    }

    boolean canDeliver() {
        return delivered < waiting.length && stream.isReceiving();
    }

    void deliver(int most) {
        delivered += stream.deliver(waiting, delivered, Math.min(most, waiting.length - delivered));
    }

    void answerQueries() {
        for (final ExtentQuery query : List.copyOf(queries)) {
            query.run();
            transmission.answered(query);
        }
        queries.clear();
    }

    /// Everything moves until nothing does, with what the volume has left as it is.
    void settle() {
        boolean moved = true;
        while (moved) {
            moved = canDeliver();
            if (moved) {
                deliver(Integer.MAX_VALUE);
            }
            answerQueries();
            transmission.flush();
            if (stream.isSending() && !stream.isClosed()) {
                stream.letGo(Integer.MAX_VALUE);
                moved = true;
            }
        }
    }

    /// Replies that have come in full since the last call.
    List<Reply> replies() {
        final byte[] come = stream.taken();
        final List<Reply> replies = new ArrayList<>();
        if (come.length == 0) {
            return replies;
        }
        unread.compact();
        if (unread.remaining() < come.length) {
            unread = ByteBuffer.allocate(2 * (unread.position() + come.length)).put(unread.flip());
        }
        unread.put(come).flip();
        while (true) {
            final int start = unread.position();
            final Reply reply = parse(unread);
            if (reply == null) {
                unread.position(start);
                break;
            }
            replies.add(reply);
        }
        return replies;
    }

    private @Nullable Reply parse(ByteBuffer from) {
        if (from.remaining() < NbdSpec.SIMPLE_REPLY_BYTES) {
            return null;
        }
        final int magic = from.getInt(from.position());
        return switch (magic) {
            case NbdSpec.SIMPLE_REPLY_MAGIC -> simple(from);
            case NbdSpec.STRUCTURED_REPLY_MAGIC -> chunk(from, NbdSpec.STRUCTURED_REPLY_BYTES);
            case NbdSpec.EXTENDED_REPLY_MAGIC -> chunk(from, NbdSpec.EXTENDED_REPLY_BYTES);
            default -> throw new AssertionError("a reply begins with 0x" + Integer.toHexString(magic));
        };
    }

    private @Nullable Reply simple(ByteBuffer from) {
        assertThat(style).isNotEqualTo(ReplyStyle.EXTENDED);
        final int error = from.getInt(from.position() + 4);
        final long cookie = from.getLong(from.position() + 8);
        final int length = error == 0 ? Objects.requireNonNullElse(readLengths.get(cookie), 0) : 0;
        if (from.remaining() < NbdSpec.SIMPLE_REPLY_BYTES + length) {
            return null;
        }
        final byte[] content = new byte[length];
        from.position(from.position() + NbdSpec.SIMPLE_REPLY_BYTES).get(content);
        return new Reply(cookie, -1, true, error, 0, content);
    }

    private @Nullable Reply chunk(ByteBuffer from, int header) {
        final boolean extended = header == NbdSpec.EXTENDED_REPLY_BYTES;
        assertThat(extended).isEqualTo(style == ReplyStyle.EXTENDED);
        if (from.remaining() < header) {
            return null;
        }
        final int at = from.position();
        final int length = extended ? (int) from.getLong(at + 24) : from.getInt(at + 16);
        if (from.remaining() < header + length) {
            return null;
        }
        final int flags = from.getShort(at + 4);
        final int type = from.getShort(at + 6) & 0xffff;
        final long cookie = from.getLong(at + 8);
        from.position(at + header);
        int error = 0;
        long offset = 0;
        int content = length;
        if (type == NbdSpec.REPLY_TYPE_OFFSET_DATA) {
            offset = from.getLong();
            content -= 8;
        } else if (type >= NbdSpec.REPLY_TYPE_ERROR) {
            error = from.getInt();
            assertThat(from.getShort()).isZero();
            content -= 6;
            if (type == NbdSpec.REPLY_TYPE_ERROR_OFFSET) {
                offset = from.getLong();
                content -= 8;
            }
        }
        final byte[] rest = new byte[content];
        from.get(rest);
        return new Reply(cookie, type, (flags & NbdSpec.REPLY_FLAG_DONE) != 0, error, offset, rest);
    }
}
