package io.basalt.simulation;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The descriptors of all simulated processes: numbers, and the open files that they stand for. A file is
/// closed when nobody has a descriptor of it any more, be it that its last holder was killed.
final class Descriptors {
    private static final int FIRST = 1000;

    private final Map<Integer, Held> held = new LinkedHashMap<>();
    private final Map<OpenFile, Integer> counts = new HashMap<>();
    private int next = FIRST;

    /// What descriptors are of.
    interface OpenFile {
        /// Nobody has it open any more.
        void closed();
    }

    /// @param by whose descriptor it is; null while it is on its way from one process to another
    private record Held(OpenFile file, @Nullable SimProcess by) {}

    /// A new descriptor.
    ///
    /// @param by whose it is; null for one that is on its way
    int open(@Nullable SimProcess by, OpenFile file) {
        held.put(next, new Held(file, by));
        counts.merge(file, 1, Integer::sum);
        return next++;
    }

    /// One more of the same file.
    int duplicate(@Nullable SimProcess by, int fd) {
        return open(by, file(fd));
    }

    /// What a descriptor is of.
    OpenFile file(int fd) {
        final Held found = held.get(fd);
        if (found == null) {
            throw new SimulationFailure("H4: descriptor " + fd + " is used, and is not open");
        }
        return found.file;
    }

    /// Whether anybody has a file open.
    boolean isOpen(OpenFile file) {
        return counts.containsKey(file);
    }

    void close(int fd) {
        final Held closing = held.remove(fd);
        if (closing == null) {
            throw new SimulationFailure("H4: descriptor " + fd + " is closed, and was not open");
        }
        final Integer left = counts.computeIfPresent(closing.file, (_, count) -> count == 1 ? null : count - 1);
        if (left == null) {
            closing.file.closed();
        }
    }

    /// A process has ended: the kernel closes what it had.
    void ended(SimProcess process) {
        for (final Map.Entry<Integer, Held> each : List.copyOf(held.entrySet())) {
            if (process.equals(each.getValue().by) && held.containsKey(each.getKey())) {
                close(each.getKey());
            }
        }
    }
}
