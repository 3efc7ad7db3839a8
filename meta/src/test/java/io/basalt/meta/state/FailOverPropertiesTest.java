package io.basalt.meta.state;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.meta.state.MetaCommand.AdminDevice;
import io.basalt.meta.state.MetaCommand.ChangePgs;
import io.basalt.meta.state.MetaCommand.CreateSet;
import io.basalt.meta.state.MetaCommand.MarkNode;
import io.basalt.meta.state.MetaCommand.MovePgs;
import io.basalt.meta.state.MetaCommand.RecordUsage;
import io.basalt.meta.state.MetaCommand.TakeOut;
import io.basalt.placement.ClusterMap;
import io.basalt.placement.FailureDomain;
import io.basalt.placement.PgTable;
import io.basalt.placement.RoutingRule;
import io.basalt.testkit.SeededTest;
import io.basalt.wire.meta.PgChange;
import io.basalt.wire.meta.RequestId;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/// Whatever nodes, devices and operators do, and in whatever order: no placement group is left without a
/// copy in sync; a copy leaves only while min copies that answer are in sync without it, unless its
/// device has failed; epochs only grow, by one for each change; there is never more than one guest; and
/// where one that answers could lead to more, it does.
class FailOverPropertiesTest {
    private static final int NODES = 5;
    private static final int PGS = 8;
    private static final int STEPS = 200;

    @Test
    void noSequenceOfFaultsAndWishesGivesUpWhatIsNeeded() {
        SeededTest.run(150, random -> {
            final int minCopies = 1 + random.nextInt(3);
            final MetaState state = cluster(minCopies);
            for (int step = 0; step < STEPS; step++) {
                final ClusterMap before = map(state);
                final MetaCommand command = command(state, random);
                state.apply(CommandCodec.encode(command));
                check(state, before, command);
            }
            assertThat(MetaState.restore(state.snapshot()).snapshot()).isEqualTo(state.snapshot());
        });
    }

    private static MetaState cluster(int minCopies) {
        final MetaState state = new MetaState();
        Commands.apply(state, Commands.cluster());
        Commands.apply(state, new CreateSet("default", new RoutingRule(PGS, 3, FailureDomain.HOST), minCopies, 0));
        for (int number = 1; number <= NODES; number++) {
            Commands.apply(state, Commands.register(Commands.chunk(number, 1)));
            Commands.apply(state, new MarkNode(number, true));
        }
        Commands.apply(state, Commands.layout(state, NODES));
        Commands.apply(state, Commands.volume(RequestId.NONE, "vm1", 1L << 30));
        return state;
    }

    private static MetaCommand command(MetaState state, RandomGenerator random) {
        final int device = 1 + random.nextInt(NODES);
        return switch (random.nextInt(10)) {
            case 0, 1 -> new MarkNode(device, random.nextInt(3) > 0);
            case 2 -> new RecordUsage(List.of(new RecordUsage.Usage(device, 0, 1L << 40, random.nextInt(3) == 0)));
            case 3 -> {
                final AdminDevice.Action[] actions = AdminDevice.Action.values();
                yield new AdminDevice(device, actions[random.nextInt(actions.length)], 0);
            }
            case 4 -> new TakeOut(List.of(device, 1 + random.nextInt(NODES)));
            case 5 -> {
                final int pg = random.nextInt(PGS);
                final int to = random.nextInt(NODES + 1);
                yield new MovePgs(1, List.of(new MovePgs.Move(pg, map(state).epoch(pg), device, to)));
            }
            default -> {
                final List<PgChange> changes = new ArrayList<>();
                for (int count = 1 + random.nextInt(4); count > 0; count--) {
                    final int pg = random.nextInt(PGS);
                    final PgChange.Kind[] kinds = PgChange.Kind.values();
                    changes.add(new PgChange(
                            1,
                            pg,
                            map(state).epoch(pg),
                            kinds[random.nextInt(kinds.length)],
                            1 + random.nextInt(NODES)));
                }
                yield new ChangePgs(changes);
            }
        };
    }

    private static void check(MetaState state, ClusterMap before, MetaCommand command) {
        final ClusterMap after = map(state);
        for (int pg = 0; pg < PGS; pg++) {
            final String what = "pg " + pg + " after " + command;
            final PgTable table = after.pgTable();
            assertThat(table.inSyncCount(pg)).as(what).isPositive();
            assertThat(table.replicaCount(pg)).as(what).isBetween(3, 4);
            assertThat(after.epoch(pg)).as(what).isGreaterThanOrEqualTo(before.epoch(pg));
            final boolean same = table.replicas(pg).equals(before.pgTable().replicas(pg))
                    && table.inSyncMask(pg) == before.pgTable().inSyncMask(pg);
            if (!same) {
                assertThat(after.epoch(pg)).as(what).isGreaterThan(before.epoch(pg));
            } else if (!(command instanceof ChangePgs)) {
                // A wish that is taken back costs an epoch, and changes nothing else.
                assertThat(after.epoch(pg)).as(what).isEqualTo(before.epoch(pg));
            }
            checkLeavers(state, before, pg, what);
            if (command instanceof MarkNode) {
                checkLeader(state, pg, what);
            }
        }
    }

    /// Whoever was in sync and is no longer had to be dispensable: min copies are in sync without it, and
    /// answer. What left as one of several is judged by what is left at the end.
    private static void checkLeavers(MetaState state, ClusterMap before, int pg, String what) {
        final ClusterMap after = map(state);
        for (int index = 0; index < before.pgTable().replicaCount(pg); index++) {
            final int device = before.replica(pg, index);
            final int now = after.pgTable().indexOf(pg, device);
            final boolean left = before.inSync(pg, index) && (now < 0 || !after.inSync(pg, now));
            if (left && !failed(state, device)) {
                assertThat(answering(state, pg, true))
                        .as("good copies that answer of " + what)
                        .isGreaterThanOrEqualTo(after.minCopies());
            }
        }
    }

    /// Whenever it has changed who answers: a silent copy does not lead while another one that is in sync
    /// could bring in what is missing.
    private static void checkLeader(MetaState state, int pg, String what) {
        final ClusterMap map = map(state);
        final int primary = map.primaryDevice(pg);
        final boolean canBecomeEnough = answering(state, pg, false) >= map.minCopies();
        final boolean isOneGood = answering(state, pg, true) > 0;
        assertThat(answers(state, primary) || !canBecomeEnough || !isOneGood)
                .as("the primary of " + what + " answers, or nobody could do better")
                .isTrue();
    }

    private static int answering(MetaState state, int pg, boolean inSyncOnly) {
        final ClusterMap map = map(state);
        int count = 0;
        for (int index = 0; index < map.pgTable().replicaCount(pg); index++) {
            final boolean counts = !inSyncOnly || map.inSync(pg, index);
            count += counts && answers(state, map.replica(pg, index)) ? 1 : 0;
        }
        return count;
    }

    private static boolean failed(MetaState state, int device) {
        final DeviceRecord record = state.device(device);
        return record != null && record.failed();
    }

    private static boolean answers(MetaState state, int device) {
        final DeviceRecord record = state.device(device);
        final NodeRecord node = record == null ? null : state.node(record.nodeId());
        return record != null && record.present() && !record.failed() && node != null && node.up();
    }

    private static ClusterMap map(MetaState state) {
        return state.sets().iterator().next().map();
    }
}
