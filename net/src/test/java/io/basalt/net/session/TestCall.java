package io.basalt.net.session;

import io.basalt.block.RegionTable;
import io.basalt.net.Call;
import io.basalt.net.CallStatus;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A call with memory of its own for payload both ways, which remembers how it ended.
final class TestCall extends Call {
    final MemorySegment out;
    final MemorySegment in;
    final RegionTable table;
    int completions;
    int code;

    @Nullable
    CallStatus status;

    @Nullable
    Runnable whenCompleted;

    TestCall(int payloadBytes) {
        super(Arena.ofAuto().allocate(2 * BODY_BYTES_MAX, 8), 300);
        out = Arena.ofAuto().allocate(payloadBytes, 4096);
        in = Arena.ofAuto().allocate(payloadBytes, 4096);
        table = new RegionTable(List.of(out, in));
    }

    /// Begins a request without payload.
    TestCall request(int type, int number, long deadlineNs) {
        begin(type, Integer.BYTES, deadlineNs);
        body().set(ValueLayout.JAVA_INT, 0, number);
        outgoing().reset(table);
        incoming().reset(table);
        status = null;
        return this;
    }

    /// Adds payload, cut into pieces.
    TestCall sending(int bytes, int pieces) {
        final int piece = bytes / pieces;
        for (int i = 0; i < pieces; i++) {
            final int at = i * piece;
            outgoing().add(0, at, i == pieces - 1 ? bytes - at : piece);
        }
        return this;
    }

    /// Expects payload, cut into pieces.
    TestCall receiving(int bytes, int pieces) {
        final int piece = bytes / pieces;
        for (int i = 0; i < pieces; i++) {
            final int at = i * piece;
            incoming().add(1, at, i == pieces - 1 ? bytes - at : piece);
        }
        return this;
    }

    boolean isDone() {
        return status != null;
    }

    @Override
    public void completed(CallStatus newStatus, int newCode) {
        status = newStatus;
        code = newCode;
        completions++;
        if (whenCompleted != null) {
            whenCompleted.run();
        }
    }
}
