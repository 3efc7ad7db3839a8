package io.basalt.reactor;

import static io.basalt.reactor.MailboxLayout.WORD;

import java.lang.foreign.MemorySegment;

/// A mailbox that is a ring of records off the heap: what both kinds have in common.
abstract sealed class RingMailbox implements Mailbox permits SpscMailbox, MpscMailbox {
    final MemorySegment memory;
    final int capacity;

    private final Doorbell doorbell;
    private final long mask;
    private final long stride;
    private final long messageOffset;

    /// @param stride bytes of a record
    /// @param messageOffset where in its record a message begins
    RingMailbox(int capacity, Doorbell doorbell, long stride, long messageOffset) {
        this.capacity = MailboxLayout.checkedCapacity(capacity);
        this.mask = capacity - 1L;
        this.stride = stride;
        this.messageOffset = messageOffset;
        this.memory = MailboxLayout.allocate(capacity, stride);
        this.doorbell = doorbell;
    }

    @Override
    public final int capacity() {
        return capacity;
    }

    /// Where the record of an index is.
    final long record(long index) {
        return MailboxLayout.RECORDS + (index & mask) * stride;
    }

    /// Fill a record. Not visible yet.
    final void store(long record, long type, long first, long second, long third) {
        final long at = record + messageOffset;
        memory.set(WORD, at, type);
        memory.set(WORD, at + 8, first);
        memory.set(WORD, at + 16, second);
        memory.set(WORD, at + 24, third);
    }

    /// Hand a record's message over.
    final void deliver(long record, MailboxHandler handler) {
        final long at = record + messageOffset;
        handler.message(
                memory.get(WORD, at), memory.get(WORD, at + 8), memory.get(WORD, at + 16), memory.get(WORD, at + 24));
    }

    /// Something was published.
    final void ring() {
        doorbell.ring();
    }
}
