package io.basalt.net.meta;

import io.basalt.block.RegionTable;
import io.basalt.net.Call;
import io.basalt.net.CallStatus;
import io.basalt.wire.meta.FieldReader;
import io.basalt.wire.meta.MetaMessage;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A request of the control plane, made once and used again, with buffers of its own for content that does
/// not fit a body. Belongs to one reactor.
public final class ContentCall extends Call {
    /// Longest content of an answer, in bytes.
    public static final int ANSWER_BYTES_MAX = 4 << 10;

    private static final int ALIGNMENT = 4096;
    private static final byte[] NOTHING = {};

    private final RegionTable table;
    private @Nullable Completion completion;

    /// Hears of the end of a call.
    @FunctionalInterface
    public interface Completion {
        /// See [Call#completed]. The call may be used again from here on.
        void completed(ContentCall call, CallStatus status, int code);
    }

    /// A call whose memory lives as long as it is reachable.
    public ContentCall() {
        this(Arena.ofAuto().allocate(2L * BODY_BYTES_MAX, Long.BYTES));
    }

    private ContentCall(MemorySegment bodies) {
        super(bodies, 1);
        table = new RegionTable(
                List.of(Arena.ofAuto().allocate(MetaMessage.PAYLOAD_BYTES_MAX + ANSWER_BYTES_MAX, ALIGNMENT)));
    }

    /// Prepare a request with a content.
    ///
    /// @param content at most [MetaMessage#PAYLOAD_BYTES_MAX] bytes
    public void ask(int type, byte[] content, long deadlineNs, Completion newCompletion) {
        if (content.length <= BODY_BYTES_MAX) {
            prepare(type, content, NOTHING, 0, 0, deadlineNs, newCompletion);
        } else {
            prepare(type, NOTHING, content, 0, content.length, deadlineNs, newCompletion);
        }
    }

    /// Prepare a request with a body and a piece of something longer as payload.
    ///
    /// @param length of the piece, 1 to [MetaMessage#PAYLOAD_BYTES_MAX]
    public void askWithPiece(
            int type, byte[] body, byte[] whole, int offset, int length, long deadlineNs, Completion newCompletion) {
        prepare(type, body, whole, offset, length, deadlineNs, newCompletion);
    }

    /// The content of the answer.
    ///
    /// @throws io.basalt.wire.meta.MetaFormatException if there is none
    public FieldReader answer() {
        return Content.answerOf(this);
    }

    @Override
    public void completed(CallStatus status, int code) {
        final Completion hearer = completion;
        Objects.requireNonNull(hearer, "a call completes once");
        completion = null;
        hearer.completed(this, status, code);
    }

    private void prepare(
            int type, byte[] body, byte[] payload, int offset, int length, long deadlineNs, Completion newCompletion) {
        assert completion == null : "a call is used again only after it has completed";
        MemorySegment.copy(body, 0, body(), ValueLayout.JAVA_BYTE, 0, body.length);
        outgoing().reset(table);
        if (length > 0) {
            MemorySegment.copy(payload, offset, table.segment(0), ValueLayout.JAVA_BYTE, 0, length);
            outgoing().add(0, 0, length);
        }
        incoming().reset(table);
        incoming().add(0, MetaMessage.PAYLOAD_BYTES_MAX, ANSWER_BYTES_MAX);
        completion = newCompletion;
        begin(type, body.length, deadlineNs);
    }

    /// Take the request back: it was not sent.
    public void withdraw() {
        completion = null;
    }
}
