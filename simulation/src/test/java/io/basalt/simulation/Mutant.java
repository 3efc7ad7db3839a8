package io.basalt.simulation;

import io.basalt.chunk.ReplicationRules;
import java.util.function.UnaryOperator;

/// Deliberate mistakes in replication, each of which an oracle has to notice.
@SuppressWarnings("ImmutableEnumChecker") // rules keep no state
enum Mutant {
    ACKNOWLEDGES_BEFORE_SECONDARIES(new ReplicationRules() {
        @Override
        public boolean mayAcknowledge(boolean here, int missing) {
            return here;
        }
    }),
    ACKNOWLEDGES_BEFORE_ITSELF(
            new ReplicationRules() {
                @Override
                public boolean mayAcknowledge(boolean here, int missing) {
                    return missing == 0;
                }
            },
            Scenario::withDiskFailure),
    SKIPS_EPOCHS_AND_SESSIONS(new ReplicationRules() {
        @Override
        public boolean isStaleEpoch(int messageEpoch, int knownEpoch) {
            return false;
        }

        @Override
        public boolean isForeignSession(long messageSession, long followedSession) {
            return false;
        }
    }),
    SKIPS_GENERATIONS(new ReplicationRules() {
        @Override
        public boolean isFenced(long messageGeneration, long knownGeneration) {
            return false;
        }
    }),
    DOES_NOT_ORDER_OVERLAPS(new ReplicationRules() {
        @Override
        public boolean mustWait(boolean overlap, boolean oneIsChange) {
            return false;
        }
    }),
    READS_WITHOUT_LEASE(
            new ReplicationRules() {
                @Override
                public boolean leaseHolds(long nowNs, long leaseUntilNs) {
                    return true;
                }
            },
            scenario -> scenario.withFailOvers(30_000_000)),
    BREAKS_PROMISES(
            new ReplicationRules() {
                @Override
                public boolean isPromiseOver(long nowNs, long promisedUntilNs) {
                    return true;
                }
            },
            scenario -> scenario.withFailOvers(900_000_000)),
    FORGETS_IDENTITIES(new ReplicationRules() {
        @Override
        public boolean remembersIdentities() {
            return false;
        }
    }),
    SERVES_WITHOUT_RECONCILING(new ReplicationRules() {
        @Override
        public boolean mustReconcile() {
            return false;
        }
    });

    private final ReplicationRules rules;
    private final UnaryOperator<Scenario> emphasis;

    Mutant(ReplicationRules rules) {
        this(rules, UnaryOperator.identity());
    }

    /// @param emphasis makes of each scenario one in which the mistake counts
    Mutant(ReplicationRules rules, UnaryOperator<Scenario> emphasis) {
        this.rules = rules;
        this.emphasis = emphasis;
    }

    UnaryOperator<Scenario> emphasis() {
        return emphasis;
    }

    ReplicationRules rules() {
        return rules;
    }
}
