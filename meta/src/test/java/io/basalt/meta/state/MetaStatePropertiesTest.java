package io.basalt.meta.state;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.meta.state.MetaCommand.ChangePg;
import io.basalt.meta.state.MetaCommand.DeleteVolume;
import io.basalt.meta.state.MetaCommand.Detach;
import io.basalt.meta.state.MetaCommand.Fence;
import io.basalt.meta.state.MetaCommand.MarkNode;
import io.basalt.meta.state.MetaCommand.PatchVolume;
import io.basalt.placement.ClusterMap;
import io.basalt.testkit.SeededTest;
import io.basalt.wire.meta.MapCodec;
import io.basalt.wire.meta.PgChange;
import io.basalt.wire.meta.RequestId;
import io.basalt.wire.meta.VolumeRecord;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/// What holds for every sequence of commands: against a model, for every replay, and for every snapshot on the way.
class MetaStatePropertiesTest {
    private static final int STEPS = 120;
    private static final int NAMES = 6;

    /// What is known of a volume without the state machine's rules.
    private record Model(long sizeBytes, int generation, int gate, long instance) {}

    @Test
    void volumesFollowTheModelAndCapacityIsConserved() {
        SeededTest.run(200, random -> {
            final MetaState state = Commands.cluster(0);
            final Map<String, Model> model = new HashMap<>();
            for (int step = 0; step < STEPS; step++) {
                step(state, model, random, step);
                check(state, model);
            }
        });
    }

    @Test
    void replayAndSnapshotWithTailLeadToTheSameBytes() {
        SeededTest.run(100, random -> {
            final List<byte[]> log = randomLog(random);
            final MetaState whole = new MetaState();
            final int cut = random.nextInt(log.size());
            MetaState resumed = new MetaState();
            for (int index = 0; index < log.size(); index++) {
                final MetaState.Applied expected = whole.apply(log.get(index));
                final MetaState.Applied actual = resumed.apply(log.get(index));
                assertThat(actual.result()).isEqualTo(expected.result());
                if (index == cut) {
                    resumed = MetaState.restore(resumed.snapshot());
                }
            }
            assertThat(resumed.snapshot()).isEqualTo(whole.snapshot());
        });
    }

    @Test
    void epochsAndMapVersionsOnlyRiseAndEventsCarryEveryChange() {
        SeededTest.run(100, random -> {
            final MetaState state = Commands.cluster(0);
            ClusterMap told = map(state);
            for (int step = 0; step < STEPS; step++) {
                final ClusterMap before = map(state);
                final MetaState.Applied applied = state.apply(CommandCodec.encode(randomMapCommand(random)));
                for (final MetaEvent event : applied.events()) {
                    if (event instanceof MetaEvent.MapChanged changed) {
                        assertThat(changed.before()).isEqualTo(told);
                        told = MapCodec.apply(told, MapCodec.encodeDelta(changed.before(), changed.after()));
                    }
                }
                final ClusterMap after = map(state);
                assertThat(told).isEqualTo(after);
                for (int pg = 0; pg < after.pgCount(); pg++) {
                    assertThat(after.epoch(pg)).isBetween(before.epoch(pg), before.epoch(pg) + 1);
                    assertThat(after.pgTable().inSyncCount(pg)).isPositive();
                    if (after.epoch(pg) == before.epoch(pg)) {
                        assertThat(after.pgTable().inSyncMask(pg))
                                .isEqualTo(before.pgTable().inSyncMask(pg));
                        assertThat(after.pgTable().replicas(pg))
                                .isEqualTo(before.pgTable().replicas(pg));
                    }
                }
            }
        });
    }

    private static ClusterMap map(MetaState state) {
        return state.sets().iterator().next().map();
    }

    private static void step(MetaState state, Map<String, Model> model, RandomGenerator random, int step) {
        final String name = "v" + random.nextInt(NAMES);
        final Model known = model.get(name);
        final RequestId id = new RequestId(1, step + 1L);
        switch (random.nextInt(6)) {
            case 0 -> {
                final long size = 4096L * (1 + random.nextInt(1_000_000));
                final boolean done =
                        Commands.apply(state, Commands.volume(id, name, size)).done();
                assertThat(done).isEqualTo(known == null);
                if (done) {
                    model.put(name, new Model(size, 0, 0, 0));
                }
            }
            case 1 -> {
                final boolean done =
                        Commands.apply(state, new DeleteVolume(id, name)).done();
                assertThat(done).isEqualTo(known != null && known.gate == 0);
                if (done) {
                    model.remove(name);
                }
            }
            case 2 -> {
                final int gate = 4 + random.nextInt(2);
                final boolean force = random.nextBoolean();
                final CommandResult result = Commands.apply(state, Commands.attach(id, gate, step, name, force));
                final boolean expected = known != null && (known.gate == 0 || known.gate == gate || force);
                assertThat(result.done()).isEqualTo(expected);
                if (expected && known != null) {
                    assertThat(result.value()).isEqualTo(known.generation + 1L);
                    model.put(name, new Model(known.sizeBytes, known.generation + 1, gate, step));
                }
            }
            case 3 -> {
                final VolumeRecord volume = state.volume(name);
                if (volume != null && known != null) {
                    final int generation = known.generation - random.nextInt(2);
                    Commands.apply(state, new Detach(volume.volumeId(), generation));
                    if (generation == known.generation) {
                        model.put(name, new Model(known.sizeBytes, known.generation, 0, 0));
                    }
                }
            }
            case 4 -> {
                if (Commands.apply(state, new Fence(id, name)).done() && known != null && known.gate != 0) {
                    model.put(name, new Model(known.sizeBytes, known.generation + 1, 0, 0));
                }
            }
            default -> {
                final long size = 4096L * (1 + random.nextInt(1_000_000));
                final boolean done = Commands.apply(state, new PatchVolume(id, name, "", size, ""))
                        .done();
                assertThat(done).isEqualTo(known != null && size >= known.sizeBytes);
                if (done && known != null) {
                    model.put(name, new Model(size, known.generation, known.gate, known.instance));
                }
            }
        }
    }

    private static void check(MetaState state, Map<String, Model> model) {
        assertThat(state.volumeCount()).isEqualTo(model.size());
        long provisioned = 0;
        for (final VolumeRecord volume : state.volumes()) {
            final Model expected = model.get(volume.name());
            assertThat(expected)
                    .isEqualTo(new Model(
                            volume.sizeBytes(), volume.generation(), volume.gateNodeId(), volume.gateInstance()));
            provisioned += (volume.sizeBytes() + (1 << 20) - 1) >> 20 << 20;
        }
        final SetRecord set = state.sets().iterator().next();
        assertThat(set.provisionedBytes()).isEqualTo(provisioned);
        assertThat(set.volumeCount()).isEqualTo(model.size());
    }

    private static List<byte[]> randomLog(RandomGenerator random) {
        final List<byte[]> log = new ArrayList<>();
        log.add(CommandCodec.encode(Commands.cluster()));
        log.add(CommandCodec.encode(Commands.set("default", 3, 0)));
        final MetaState scratch = new MetaState();
        log.forEach(scratch::apply);
        for (int step = 0; step < STEPS; step++) {
            final MetaCommand command = switch (random.nextInt(7)) {
                case 0 -> Commands.register(Commands.chunk(1 + random.nextInt(4), 1 + random.nextInt(2)));
                case 1 -> Commands.register(Commands.gate(1 + random.nextInt(2)));
                case 2 -> Commands.layout(scratch, 3);
                case 3 ->
                    Commands.volume(new RequestId(1, 1 + random.nextInt(20)), "v" + random.nextInt(NAMES), 1 << 20);
                case 4 ->
                    Commands.attach(
                            new RequestId(2, 1 + random.nextInt(20)),
                            1 + random.nextInt(6),
                            1 + random.nextInt(3),
                            "v" + random.nextInt(NAMES),
                            random.nextBoolean());
                default -> randomMapCommand(random);
            };
            final byte[] entry = CommandCodec.encode(command);
            scratch.apply(entry);
            log.add(entry);
        }
        return log;
    }

    private static MetaCommand randomMapCommand(RandomGenerator random) {
        if (random.nextInt(4) == 0) {
            return new MarkNode(1 + random.nextInt(4), random.nextBoolean());
        }
        final PgChange.Kind[] kinds = PgChange.Kind.values();
        return new ChangePg(new PgChange(
                1,
                random.nextInt(Commands.PGS),
                1 + random.nextInt(6),
                kinds[random.nextInt(kinds.length)],
                1 + random.nextInt(4)));
    }
}
