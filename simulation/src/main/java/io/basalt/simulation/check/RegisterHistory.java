package io.basalt.simulation.check;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What was written to and read from one sector, and whether one register could have done that (RELIABILITY S1,
/// S2, S3).
///
/// Values are unique per write, and 0 stands for zeros: never written, discarded or zeroed. A write whose
/// outcome is not known may take effect once at any time after it began, or never; one of a superseded
/// attachment not after the newer one was granted (S9).
///
/// The check is a search for an order (Wing and Gong), remembering which (set of operations, value) led
/// nowhere. Few operations touch one sector at one time, so it is fast.
public final class RegisterHistory {
    /// Time of what never ended.
    public static final long NEVER = Long.MAX_VALUE;

    private static final long SEARCH_MAX = 2_000_000;

    private final List<Operation> operations = new ArrayList<>();

    /// One operation on the register.
    public static final class Operation {
        private final boolean isWrite;
        private final long beganAt;
        private long value;
        private long endedAt = NEVER;
        private boolean isOptional = true;
        private boolean isVoid;

        private Operation(boolean isWrite, long value, long beganAt) {
            this.isWrite = isWrite;
            this.value = value;
            this.beganAt = beganAt;
        }

        /// A write was acknowledged.
        public void acknowledged(long at) {
            endedAt = at;
            isOptional = false;
        }

        /// A write was given up, and nothing of it can take effect later.
        public void endedUnknown(long at) {
            if (isOptional) {
                endedAt = Math.min(endedAt, at);
            }
        }

        /// A read returned a value.
        public void returned(long seen, long at) {
            value = seen;
            endedAt = at;
            isOptional = false;
        }

        /// A read returned nothing, or a write was certainly not executed.
        public void without() {
            isVoid = true;
        }

        @Override
        public String toString() {
            return (isWrite ? "write " : "read ") + value + " [" + beganAt + ", "
                    + (endedAt == NEVER ? "-" : Long.toString(endedAt)) + "]" + (isOptional ? " unknown" : "");
        }
    }

    /// A write begins.
    public Operation write(long value, long at) {
        final Operation operation = new Operation(true, value, at);
        operations.add(operation);
        return operation;
    }

    /// A read begins.
    public Operation read(long at) {
        final Operation operation = new Operation(false, 0, at);
        operations.add(operation);
        return operation;
    }

    /// Whether a register could have done this.
    ///
    /// @return null if it could, else what was seen
    public @Nullable String violation() {
        final List<Operation> relevant = relevant();
        final Search search = new Search(relevant);
        return search.succeeds() ? null : "no order explains " + relevant;
    }

    /// Reads that have returned, and writes that can matter: an unknown write of a value that nobody
    /// saw may as well have never taken effect.
    private List<Operation> relevant() {
        final Set<Long> seen = new HashSet<>();
        for (final Operation each : operations) {
            if (!each.isWrite && !each.isOptional && !each.isVoid) {
                seen.add(each.value);
            }
        }
        final List<Operation> relevant = new ArrayList<>();
        for (final Operation each : operations) {
            final boolean matters = each.isWrite ? !each.isOptional || seen.contains(each.value) : !each.isOptional;
            if (matters && !each.isVoid) {
                relevant.add(each);
            }
        }
        relevant.sort((one, other) -> Long.compare(one.beganAt, other.beganAt));
        return relevant;
    }

    /// Depth first over all orders that keep real time.
    private static final class Search {
        private record Dead(BitSet done, long value) {}

        private final List<Operation> operations;
        private final BitSet done = new BitSet();
        private final Set<Dead> dead = new HashSet<>();
        private int required;
        private long steps;

        Search(List<Operation> operations) {
            this.operations = operations;
            for (final Operation each : operations) {
                required += each.isOptional ? 0 : 1;
            }
        }

        boolean succeeds() {
            return from(0, 0, 0, Long.MIN_VALUE);
        }

        /// @param first every operation before is done
        /// @param latestBegan when the latest of those that are done began
        private boolean from(int first, long value, int requiredDone, long latestBegan) {
            if (requiredDone == required) {
                return true;
            }
            if (++steps > SEARCH_MAX) {
                throw new IllegalStateException("too many orders to search: " + operations.size() + " operations");
            }
            final int at = done.nextClearBit(first);
            final long horizon = earliestEnd(at);
            for (int index = at;
                    index < operations.size() && operations.get(index).beganAt <= horizon;
                    index = done.nextClearBit(index + 1)) {
                final Operation next = operations.get(index);
                if ((!next.isWrite && next.value != value) || next.endedAt < latestBegan || hasTwin(at, index)) {
                    continue;
                }
                done.set(index);
                final long then = next.isWrite ? next.value : value;
                if (!dead.contains(new Dead(done, then))) {
                    final int requiredThen = requiredDone + (next.isOptional ? 0 : 1);
                    if (from(at, then, requiredThen, Math.max(latestBegan, next.beganAt))) {
                        return true;
                    }
                    dead.add(new Dead((BitSet) done.clone(), then));
                }
                done.clear(index);
            }
            return false;
        }

        /// Whether one that is not done and began earlier can stand for this one wherever it could
        /// come: both are unknown writes of the same value with the same end. Without this, a dozen
        /// unknown discards are searched in every order.
        private boolean hasTwin(int from, int index) {
            final Operation own = operations.get(index);
            if (!own.isWrite || !own.isOptional) {
                return false;
            }
            for (int before = from; before < index; before = done.nextClearBit(before + 1)) {
                final Operation each = operations.get(before);
                if (each.isWrite && each.isOptional && each.value == own.value && each.endedAt == own.endedAt) {
                    return true;
                }
            }
            return false;
        }

        /// What is not done and must be: nothing that began after its end may come before it. An
        /// optional write that has ended cannot come later than its end, but may never come.
        private long earliestEnd(int from) {
            long earliest = NEVER;
            for (int index = from; index < operations.size(); index = done.nextClearBit(index + 1)) {
                final Operation each = operations.get(index);
                if (each.beganAt > earliest) {
                    break;
                }
                if (!each.isOptional) {
                    earliest = Math.min(earliest, each.endedAt);
                }
            }
            return earliest;
        }
    }
}
