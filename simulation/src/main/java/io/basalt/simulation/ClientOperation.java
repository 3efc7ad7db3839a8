package io.basalt.simulation;

import io.basalt.net.Call;
import io.basalt.net.CallStatus;
import io.basalt.simulation.check.RegisterHistory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// One operation of a simulated gate on its way, perhaps sent several times.
final class ClientOperation extends Call {
    private final SimClient client;
    final int slot;
    final List<RegisterHistory.Operation> registers = new ArrayList<>();
    int kind;
    int shard;
    int offset;
    int length;
    int pg;
    long number;
    long beganAt;
    long stamp;
    long sequence;
    boolean isBusy;
    boolean isInFlight;
    boolean isRetried;
    long sendAtNs;

    ClientOperation(SimClient client, Arena arena, int slot) {
        super(arena.allocate(2L * BODY_BYTES_MAX, Long.BYTES), 1);
        this.client = client;
        this.slot = slot;
    }

    MemorySegment begin(int bodyLength, long deadlineNs) {
        begin(kind, bodyLength, deadlineNs);
        return body();
    }

    boolean conflictsWith(ClientOperation other, boolean eitherIsChange) {
        final int first = offset & -4096;
        final int end = offset + length + 4095 & -4096;
        final int otherFirst = other.offset & -4096;
        final int otherEnd = other.offset + other.length + 4095 & -4096;
        return eitherIsChange && shard == other.shard && first < otherEnd && otherFirst < end;
    }

    @Override
    public void completed(CallStatus status, int code) {
        client.answered(this, status, code);
    }
}
