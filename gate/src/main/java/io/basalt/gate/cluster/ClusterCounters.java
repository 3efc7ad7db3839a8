package io.basalt.gate.cluster;

import io.basalt.net.CallStatus;
import io.basalt.wire.data.AnswerCode;
import java.util.concurrent.atomic.AtomicLongArray;

/// What happened to the pieces of a volume's requests, stage by stage. One reactor counts, any thread reads.
@SuppressWarnings("EnumOrdinal") // places in an array of this process, nowhere stored
public final class ClusterCounters {
    /// One countable event.
    public enum Event {
        /// A request was cut into pieces; `PIECES` counts those.
        REQUESTS,
        /// A piece was made.
        PIECES,
        /// A piece was given to a connection: each attempt counts.
        SENT,
        /// A piece was tried again, for whatever reason.
        RETRIED,
        /// A piece was sent from a private copy, because the guest had changed it under way.
        COPIED,
        /// A request waited because all pieces of the channel were taken, or the volume was not attached yet.
        REQUEST_WAITS,
        /// A piece waited for a newer map or a primary.
        MAP_WAITS,
        /// A piece waited for an older change of its placement group.
        IDENTITY_WAITS,
        /// A piece waited for a change of the same bytes that is tried again.
        ORDER_WAITS,
        /// A change may have been executed where no answer came from, or none that tells.
        UNSETTLED,
        /// A piece waited for a connection or its credits.
        CONNECTION_WAITS,
        /// A piece paused, because the primary could not do it.
        BACK_OFFS,
        /// A piece failed, because the I/O time-out was over.
        EXPIRED,
        /// A piece failed, because the guest's memory was gone.
        MEMORY_LOST,
        /// A piece failed, because the answer broke the protocol.
        BAD_ANSWERS,
        /// A piece failed, for this or another reason.
        FAILED
    }

    private static final Event[] EVENTS = Event.values();
    private static final CallStatus[] STATUSES = CallStatus.values();
    private static final AnswerCode[] CODES = AnswerCode.values();
    private static final int FIRST_STATUS = EVENTS.length;
    private static final int FIRST_CODE = FIRST_STATUS + STATUSES.length;
    private static final int LENGTH = FIRST_CODE + CODES.length;

    private final AtomicLongArray counts = new AtomicLongArray(LENGTH);

    void count(Event event) {
        increment(event.ordinal());
    }

    void count(CallStatus status) {
        increment(FIRST_STATUS + status.ordinal());
    }

    void count(AnswerCode code) {
        increment(FIRST_CODE + code.ordinal());
    }

    /// Only the owner writes, so that no atomic addition is needed; opaque, so that a reader sees whole numbers.
    private void increment(int index) {
        counts.setOpaque(index, counts.getPlain(index) + 1);
    }

    /// How often an event happened.
    public long of(Event event) {
        return counts.getOpaque(event.ordinal());
    }

    /// How many calls ended so.
    public long of(CallStatus status) {
        return counts.getOpaque(FIRST_STATUS + status.ordinal());
    }

    /// How many calls were answered so.
    public long of(AnswerCode code) {
        return counts.getOpaque(FIRST_CODE + code.ordinal());
    }

    /// Add what another has counted. For sums that nobody else writes.
    void add(ClusterCounters other) {
        for (int index = 0; index < LENGTH; index++) {
            counts.setOpaque(index, counts.getPlain(index) + other.counts.getOpaque(index));
        }
    }
}
