package io.basalt.simulation.check;

import java.util.ArrayList;
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
/// The check is a search for an order, see [RegisterSearch]: hundreds of operations are decided in milliseconds.
public final class RegisterHistory {
    /// Time of what never ended.
    public static final long NEVER = Long.MAX_VALUE;

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

        boolean isWrite() {
            return isWrite;
        }

        boolean isOptional() {
            return isOptional;
        }

        long value() {
            return value;
        }

        long beganAt() {
            return beganAt;
        }

        long endedAt() {
            return endedAt;
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
        return new RegisterSearch(relevant).succeeds() ? null : "no order explains " + relevant;
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
}
