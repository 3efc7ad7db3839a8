package io.basalt.net.session;

import io.basalt.net.Call;
import io.basalt.net.CallStatus;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The calls that this side has under way on one connection, by the low bits of their request id. Allocates nothing
/// after it was made.
///
/// ```
/// request id:  63                            16 15        0
///              | sequence, never used again    | place    |
/// ```
final class CallTable {
    private static final int PLACE_BITS = 16;
    private static final int PLACE_MASK = (1 << PLACE_BITS) - 1;
    private static final int NO_ANSWER = -1;

    private final @Nullable Call[] calls;
    private final CallState[] states;
    private final long[] ids;

    /// Offset in the pool of the private copy of the payload, or [BufferPool#NONE].
    private final long[] copies;

    private final int[] checksums;
    private final CallStatus[] earlyStatus;
    private final int[] earlyCode;

    private final int[] freePlaces;
    private int freeCount;
    private int dropped;
    private int abandoned;
    private int receiving = NO_ANSWER;
    private long sequence;

    CallTable(int capacity) {
        assert capacity <= PLACE_MASK + 1;
        calls = new @Nullable Call[capacity];
        states = new CallState[capacity];
        ids = new long[capacity];
        copies = new long[capacity];
        checksums = new int[capacity];
        earlyStatus = new CallStatus[capacity];
        earlyCode = new int[capacity];
        freePlaces = new int[capacity];
        Arrays.fill(states, CallState.FREE);
        Arrays.fill(earlyStatus, CallStatus.ANSWERED);
        Arrays.fill(copies, BufferPool.NONE);
        for (int place = capacity - 1; place >= 0; place--) {
            freePlaces[freeCount++] = place;
        }
    }

    int capacity() {
        return ids.length;
    }

    boolean isFull() {
        return freeCount == 0;
    }

    /// Credits of the peer that are in use.
    int credits() {
        return ids.length - freeCount - dropped;
    }

    /// Calls that have not completed.
    int inFlight() {
        return credits() - abandoned;
    }

    /// Take a call in.
    ///
    /// @return its place
    int add(Call call, long copy, int checksum) {
        final int place = freePlaces[--freeCount];
        become(place, CallState.QUEUED);
        calls[place] = call;
        ids[place] = ++sequence << PLACE_BITS | place;
        copies[place] = copy;
        checksums[place] = checksum;
        return place;
    }

    Call call(int place) {
        return Objects.requireNonNull(calls[place], "a place that is asked for holds a call");
    }

    CallState state(int place) {
        return states[place];
    }

    long id(int place) {
        return ids[place];
    }

    long copy(int place) {
        return copies[place];
    }

    int checksum(int place) {
        return checksums[place];
    }

    /// The place that an answer's request id names, or -1 if no answer to such a request is owed.
    int find(long id) {
        final int place = (int) id & PLACE_MASK;
        if (place >= ids.length || ids[place] != id) {
            return -1;
        }
        return switch (states[place]) {
            case SENDING, SENT, ABANDONED -> place;
            case FREE, QUEUED, DROPPED, RECEIVING, ANSWERED -> -1;
        };
    }

    void sending(int place) {
        become(place, CallState.SENDING);
    }

    /// The kernel has done with the request's memory.
    void sent(int place) {
        if (states[place] == CallState.SENDING) {
            become(place, receiving == place ? CallState.RECEIVING : CallState.SENT);
        }
    }

    /// The payload of the answer is coming into the call's memory.
    void receiving(int place) {
        receiving = place;
        if (states[place] == CallState.SENT) {
            become(place, CallState.RECEIVING);
        }
    }

    /// The answer is there, but the request may still be being read by the kernel: to be completed by [#free] then.
    void answeredEarly(int place, CallStatus status, int code) {
        receiving = NO_ANSWER;
        become(place, CallState.ANSWERED);
        earlyStatus[place] = status;
        earlyCode[place] = code;
    }

    CallStatus earlyStatus(int place) {
        return earlyStatus[place];
    }

    int earlyCode(int place) {
        return earlyCode[place];
    }

    /// Mark a call that waited to be sent as completed.
    Call drop(int place) {
        final Call call = call(place);
        become(place, CallState.DROPPED);
        calls[place] = null;
        dropped++;
        return call;
    }

    /// Mark a call that was sent as completed without its answer.
    Call abandon(int place) {
        final Call call = call(place);
        become(place, CallState.ABANDONED);
        calls[place] = null;
        abandoned++;
        return call;
    }

    /// The buffer of the private copy, which is the caller's to give back; [BufferPool#NONE] if there is none (any
    /// more).
    long takeCopy(int place) {
        final long copy = copies[place];
        copies[place] = BufferPool.NONE;
        return copy;
    }

    /// Empty a place.
    ///
    /// @return the call that was there and is to be completed, null if it was completed before
    @Nullable
    Call free(int place) {
        final Call call = calls[place];
        if (states[place] == CallState.DROPPED) {
            dropped--;
        } else if (states[place] == CallState.ABANDONED) {
            abandoned--;
        }
        if (receiving == place) {
            receiving = NO_ANSWER;
        }
        assert copies[place] == BufferPool.NONE : "the copy is given back first";
        become(place, CallState.FREE);
        calls[place] = null;
        ids[place] = 0;
        freePlaces[freeCount++] = place;
        return call;
    }

    /// Whatever the state: the connection is over.
    @Nullable
    Call take(int place) {
        final Call call = calls[place];
        calls[place] = null;
        return call;
    }

    private void become(int place, CallState next) {
        assert states[place].canBecome(next) : states[place] + " -> " + next;
        states[place] = next;
    }
}
