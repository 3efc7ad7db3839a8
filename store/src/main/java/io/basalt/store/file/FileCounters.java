package io.basalt.store.file;

import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;

/// What happened to a file volume's requests off the straight path. Any thread reads; every reactor counts.
public final class FileCounters {
    /// One countable event.
    public enum Event {
        /// A step went through a bounce buffer.
        BOUNCED,
        /// A device block was read, changed and written back.
        READ_MODIFY_WRITE,
        /// The kernel moved less than asked; the rest was asked for again.
        SHORT,
        /// The kernel said EAGAIN or EINTR; the step was repeated.
        RETRIED,
        /// A read past the end of the file answered zeros.
        PAST_END,
        /// A request found all operations of its channel in flight and waited.
        WAITED,
        /// A request found the waiting queue full and failed.
        REJECTED,
        /// A step found the ring, the bounce pool or a block taken and was parked.
        PARKED,
        /// A discard was refused by the device.
        DISCARD_UNSUPPORTED,
        /// A step of a write-zeroes wrote zeros from memory.
        ZEROS_WRITTEN,
        /// A region could not be registered with the kernel; it works unregistered.
        REGION_UNREGISTERED,
        /// A request failed because its memory vanished under a copy.
        MEMORY_LOST,
        /// An operation failed.
        FAILED
    }

    private static final Event[] EVENTS = Event.values();

    private final Map<Event, AtomicLong> counts = new EnumMap<>(Event.class);

    FileCounters() {
        for (final Event event : EVENTS) {
            counts.put(event, new AtomicLong());
        }
    }

    private AtomicLong counter(Event event) {
        return Objects.requireNonNull(counts.get(event));
    }

    void count(Event event) {
        counter(event).getAndIncrement();
    }

    /// How often an event happened since the volume was opened.
    public long of(Event event) {
        return counter(event).get();
    }

    @Override
    public String toString() {
        final StringBuilder text = new StringBuilder();
        for (final Event event : EVENTS) {
            if (of(event) != 0) {
                text.append(text.isEmpty() ? "" : ", ")
                        .append(event)
                        .append(' ')
                        .append(of(event));
            }
        }
        return text.isEmpty() ? "nothing" : text.toString();
    }
}
