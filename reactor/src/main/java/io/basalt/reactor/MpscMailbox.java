package io.basalt.reactor;

import static io.basalt.reactor.MailboxLayout.HEAD;
import static io.basalt.reactor.MailboxLayout.HEAD_COPY;
import static io.basalt.reactor.MailboxLayout.INDEX;
import static io.basalt.reactor.MailboxLayout.TAIL;

/// A mailbox with any number of sending threads: a ring of 64-byte records off the heap, each with a sequence
/// number that says for which message it is ready.
///
/// ```
///   0        8        16       24       32       40                64
///   ┌────────┬────────┬────────┬────────┬────────┬─────────────────┐
///   │sequence│ type   │ first  │ second │ third  │ unused          │
///   └────────┴────────┴────────┴────────┴────────┴─────────────────┘
/// ```
///
/// The record holds message *i* when its sequence is *i* + 1. That is different for every lap of the ring, so the
/// owner has nothing to reset.
///
/// | field | producers read | producers write | owner reads | owner writes |
/// |---|---|---|---|---|
/// | tail | volatile | compare-and-set: claims a record | | |
/// | head | acquire, before claiming a record | | plain | release, after reading records |
/// | copy of the head | acquire | release | | |
/// | sequence | | release, after the message | acquire, before the message | |
/// | message | | plain, between claim and sequence | plain | |
///
/// The copy of the head is a lower bound whichever producer wrote it last, so a race between producers makes it
/// only older. It is passed on with release and acquire because who trusts it reuses records that the owner has
/// read.
///
/// A producer that is stopped between claim and publication holds up the messages claimed after its own until it
/// goes on; producers must therefore not be killed or blocked in between, and nothing in between blocks.
public final class MpscMailbox extends RingMailbox {
    private static final long STRIDE = 64;
    private static final long MESSAGE = 8;

    /// An empty mailbox.
    ///
    /// @param capacity messages, a power of two up to 2^20
    /// @param doorbell of the reactor that owns it
    public MpscMailbox(int capacity, Doorbell doorbell) {
        super(capacity, doorbell, STRIDE, MESSAGE);
    }

    @Override
    public boolean offer(long type, long first, long second, long third) {
        final long index = claim();
        if (index < 0) {
            return false;
        }
        final long record = record(index);
        store(record, type, first, second, third);
        INDEX.setRelease(memory, record, index + 1);
        ring();
        return true;
    }

    @Override
    public int drain(MailboxHandler handler, int limit) {
        final long begin = (long) INDEX.get(memory, HEAD);
        long head = begin;
        try {
            while (head - begin < limit) {
                final long record = record(head);
                if ((long) INDEX.getAcquire(memory, record) != head + 1) {
                    break;
                }
                head++;
                deliver(record, handler);
            }
        } finally {
            if (head > begin) {
                INDEX.setRelease(memory, HEAD, head);
            }
        }
        return (int) (head - begin);
    }

    @Override
    public boolean isEmpty() {
        final long head = (long) INDEX.get(memory, HEAD);
        return (long) INDEX.getAcquire(memory, record(head)) != head + 1;
    }

    /// The index of a record that is now this producer's to fill, -1 if all are in use.
    private long claim() {
        while (true) {
            final long tail = (long) INDEX.getVolatile(memory, TAIL);
            if (tail - (long) INDEX.getAcquire(memory, HEAD_COPY) >= capacity) {
                final long head = (long) INDEX.getAcquire(memory, HEAD);
                if (tail - head >= capacity) {
                    return -1;
                }
                INDEX.setRelease(memory, HEAD_COPY, head);
            }
            if (INDEX.compareAndSet(memory, TAIL, tail, tail + 1)) {
                return tail;
            }
        }
    }
}
