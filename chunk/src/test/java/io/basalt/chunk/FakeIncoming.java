package io.basalt.chunk;

import io.basalt.block.IoVector;
import io.basalt.block.RegionTable;
import io.basalt.net.Call;
import io.basalt.net.Connection;
import io.basalt.net.Incoming;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// A request that a test fills in, used again and again.
final class FakeIncoming extends Incoming {
    private final MemorySegment body;
    private final MemorySegment answerBody;
    private final RegionTable table;
    private final IoVector answerPayload = new IoVector(1);
    private int type;
    private int bodyLength;
    private int payloadLength;
    private int code;
    private int answerLength;

    private final Connection connection;

    FakeIncoming(Arena arena, Connection connection) {
        this.connection = connection;
        body = arena.allocate(Call.BODY_BYTES_MAX, 8);
        answerBody = arena.allocate(Call.BODY_BYTES_MAX, 8);
        table = new RegionTable(List.of(arena.allocate(1 << 16, 4096)));
    }

    MemorySegment begin(int newType, int newBodyLength, int newPayloadLength) {
        type = newType;
        bodyLength = newBodyLength;
        payloadLength = newPayloadLength;
        code = -1;
        answerPayload.reset(table);
        return body;
    }

    /// What was answered; -1 as long as nothing was.
    int code() {
        return code;
    }

    /// Bytes of the answer's body.
    int answerLength() {
        return answerLength;
    }

    @Override
    public int type() {
        return type;
    }

    @Override
    public MemorySegment body() {
        return body;
    }

    @Override
    public int bodyLength() {
        return bodyLength;
    }

    @Override
    public int payloadLength() {
        return payloadLength;
    }

    @Override
    public int payloadChecksum() {
        return 0;
    }

    @Override
    public RegionTable payloadTable() {
        return table;
    }

    @Override
    public int payloadRegion() {
        return 0;
    }

    @Override
    public long payloadOffset() {
        return 0;
    }

    @Override
    public long deadlineNs() {
        return Long.MAX_VALUE;
    }

    @Override
    public Connection connection() {
        return connection;
    }

    @Override
    public MemorySegment answerBody() {
        return answerBody;
    }

    @Override
    public boolean takeAnswerBuffer(int length) {
        return true;
    }

    @Override
    public IoVector answerPayload() {
        return answerPayload;
    }

    @Override
    public long keepPayload() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void answerChecksum(int crc) {}

    @Override
    public void onAnswered(AnswerListener listener) {}

    @Override
    public void answer(int newCode, int length) {
        code = newCode;
        answerLength = length;
    }

    @Override
    public void refuse() {
        code = 0xffff;
    }
}
