package io.basalt.net.meta;

import io.basalt.block.IoVector;
import io.basalt.net.Call;
import io.basalt.net.Incoming;
import io.basalt.wire.meta.FieldReader;
import io.basalt.wire.meta.MetaCode;
import io.basalt.wire.meta.MetaFormatException;
import io.basalt.wire.meta.Reason;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Where the content of a request or an answer lies: in its body if it fits, else in its payload (see
/// [io.basalt.wire.meta.MetaMessage]). Used by nodes and by the metaserver. Control plane: allocates.
public final class Content {
    private Content() {}

    /// The content of a request that has arrived.
    ///
    /// @throws MetaFormatException if body and payload both claim to be it
    public static FieldReader of(Incoming request) {
        if (request.payloadLength() == 0) {
            return FieldReader.copyOf(request.body(), 0, request.bodyLength());
        }
        if (request.bodyLength() != 0) {
            throw new MetaFormatException("a request of type " + request.type() + " has its content in its body or "
                    + "in its payload, not in both");
        }
        return payload(request);
    }

    /// What lies in the payload of a request that has arrived.
    public static FieldReader payload(Incoming request) {
        final MemorySegment region = request.payloadTable().segment(request.payloadRegion());
        return FieldReader.copyOf(region, request.payloadOffset(), request.payloadLength());
    }

    /// Answer with a content, or refuse as overloaded if it needs a buffer and there is none.
    public static void answer(Incoming request, MetaCode code, byte[] content) {
        if (content.length <= Call.BODY_BYTES_MAX) {
            MemorySegment.copy(content, 0, request.answerBody(), ValueLayout.JAVA_BYTE, 0, content.length);
            request.answer(code.code(), content.length);
        } else if (request.takeAnswerBuffer(content.length)) {
            final IoVector vector = request.answerPayload();
            vector.reset(request.payloadTable());
            vector.add(request.payloadRegion(), request.payloadOffset(), content.length);
            MemorySegment.copy(content, 0, vector.segment(0), ValueLayout.JAVA_BYTE, vector.offset(0), content.length);
            request.answer(code.code(), 0);
        } else {
            request.refuse();
        }
    }

    /// Answer that it was done and there is nothing to say.
    public static void done(Incoming request) {
        request.answer(MetaCode.OK.code(), 0);
    }

    /// Answer why it was not done.
    public static void refuse(Incoming request, MetaCode code, String reason) {
        answer(request, code, new Reason(reason).toContent());
    }

    /// The content of an answer.
    static FieldReader answerOf(Call call) {
        if (call.answerPayloadLength() == 0) {
            return FieldReader.copyOf(call.answerBody(), 0, call.answerBodyLength());
        }
        final IoVector vector = call.incoming();
        return FieldReader.copyOf(vector.segment(0), vector.offset(0), (int) call.answerPayloadLength());
    }
}
