package io.basalt.chunk;

import io.basalt.net.Incoming;
import io.basalt.wire.ProtocolVersions;
import io.basalt.wire.data.AnswerBody;
import io.basalt.wire.data.AnswerCode;
import io.basalt.wire.data.ServiceTimes;
import java.lang.foreign.MemorySegment;

/// Where the time of one request goes at its primary, for the answer. Part of its [Turn]; one owner
/// reactor, whose clock all times are of. Allocates nothing.
///
/// ```
///  arrived ── queue ── begun ─┬─ store ──▶ stored
///                             ├─ copy ───▶ copied
///                             └─ copy ────────────▶ copied
/// ```
///
/// Of more than two other copies, the two that take longest are told.
final class Timing {
    private long arrivedNs;
    private long begunNs;
    private long storedNs;
    private int firstSlot;
    private int firstDevice;
    private long firstNs;
    private int secondSlot;
    private int secondDevice;
    private long secondNs;

    /// A request has come.
    void arrived(long nowNs) {
        arrivedNs = nowNs;
        begunNs = nowNs;
        storedNs = nowNs;
        firstDevice = 0;
        firstNs = 0;
        secondDevice = 0;
        secondNs = 0;
    }

    /// It has had its turn.
    void begun(long nowNs) {
        begunNs = nowNs;
        storedNs = nowNs;
    }

    /// The store here has done it, or a part of it.
    void stored(long nowNs) {
        storedNs = nowNs;
    }

    /// Another copy has done it, or a part of it.
    ///
    /// @param slot the copy's place in the group
    void copied(int slot, int device, long nowNs) {
        final long ns = nowNs - begunNs;
        if (firstDevice == 0 || firstDevice == device) {
            firstSlot = slot;
            firstDevice = device;
            firstNs = ns;
        } else if (secondDevice == 0 || secondDevice == device) {
            secondSlot = slot;
            secondDevice = device;
            secondNs = ns;
        } else if (firstNs <= secondNs) {
            firstSlot = slot;
            firstDevice = device;
            firstNs = ns;
        } else {
            secondSlot = slot;
            secondDevice = device;
            secondNs = ns;
        }
    }

    /// Answer the request, and if it is done, say where its time has gone. Gates of version 1 are not told.
    void answer(ChunkDevice device, Incoming in, AnswerCode code, int epoch, long value) {
        if (code != AnswerCode.OK || in.connection().version() < ProtocolVersions.STAGE_TIMES) {
            device.answer(in, code, epoch, value);
            return;
        }
        final MemorySegment body = in.answerBody();
        AnswerBody.set(body, epoch, 0, value);
        ServiceTimes.set(body, device.deviceId(), begunNs - arrivedNs, storedNs - begunNs);
        if (secondDevice != 0 && secondSlot < firstSlot) {
            ServiceTimes.replicas(body, secondDevice, secondNs, firstDevice, firstNs);
        } else {
            ServiceTimes.replicas(body, firstDevice, firstNs, secondDevice, secondNs);
        }
        in.answer(code.code(), ServiceTimes.BYTES);
    }
}
