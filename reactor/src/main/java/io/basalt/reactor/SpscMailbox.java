package io.basalt.reactor;

import static io.basalt.reactor.MailboxLayout.HEAD;
import static io.basalt.reactor.MailboxLayout.HEAD_COPY;
import static io.basalt.reactor.MailboxLayout.INDEX;
import static io.basalt.reactor.MailboxLayout.TAIL;
import static io.basalt.reactor.MailboxLayout.TAIL_COPY;

/// A mailbox with one sending thread: a ring of 32-byte records off the heap.
///
/// ```
///   0        8        16       24       32
///   ┌────────┬────────┬────────┬────────┐
///   │ type   │ first  │ second │ third  │
///   └────────┴────────┴────────┴────────┘
/// ```
///
/// | field | producer reads | producer writes | owner reads | owner writes |
/// |---|---|---|---|---|
/// | tail | plain | release, after the record | acquire, before the record | |
/// | head | acquire, before reusing a record | | plain | release, after reading records |
/// | copy of the head | plain | plain | | |
/// | copy of the tail | | | plain | plain |
/// | record | | plain | plain | |
///
/// Each side looks at the other's index only when its own copy says that the ring is full or empty, so that the two
/// indices' cache lines seldom move between processors.
public final class SpscMailbox extends RingMailbox {
    private static final long STRIDE = 32;

    /// An empty mailbox.
    ///
    /// @param capacity messages, a power of two up to 2^20
    /// @param doorbell of the reactor that owns it
    public SpscMailbox(int capacity, Doorbell doorbell) {
        super(capacity, doorbell, STRIDE, 0);
    }

    @Override
    public boolean offer(long type, long first, long second, long third) {
        final long tail = (long) INDEX.get(memory, TAIL);
        if (tail - (long) INDEX.get(memory, HEAD_COPY) == capacity) {
            final long head = (long) INDEX.getAcquire(memory, HEAD);
            if (tail - head == capacity) {
                return false;
            }
            INDEX.set(memory, HEAD_COPY, head);
        }
        final long record = record(tail);
        store(record, type, first, second, third);
        INDEX.setRelease(memory, TAIL, tail + 1);
        ring();
        return true;
    }

    @Override
    public int drain(MailboxHandler handler, int limit) {
        final long begin = (long) INDEX.get(memory, HEAD);
        final long end = begin + Math.min(limit, ready(begin, limit));
        long head = begin;
        try {
            while (head < end) {
                final long record = record(head);
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
        return ready((long) INDEX.get(memory, HEAD), 1) == 0;
    }

    /// Messages known to be there; looks at the producer's index only if fewer than `enough` are.
    private long ready(long head, int enough) {
        final long known = (long) INDEX.get(memory, TAIL_COPY) - head;
        if (known >= enough) {
            return known;
        }
        final long tail = (long) INDEX.getAcquire(memory, TAIL);
        INDEX.set(memory, TAIL_COPY, tail);
        return tail - head;
    }
}
