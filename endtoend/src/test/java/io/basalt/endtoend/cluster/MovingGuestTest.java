package io.basalt.endtoend.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.block.BlockOperation;
import io.basalt.block.BlockRequest;
import io.basalt.block.BlockStatus;
import io.basalt.block.RegionTable;
import io.basalt.block.VolumeChannel;
import io.basalt.endtoend.harness.HandGuest;
import io.basalt.gate.cluster.ClusterVolume;
import io.basalt.gate.cluster.VolumeState;
import io.basalt.gate.config.GateLog;
import io.basalt.gate.config.LogLevel;
import io.basalt.gate.daemon.ClusterOptions;
import io.basalt.gate.daemon.Gate;
import io.basalt.gate.daemon.GateOptions;
import io.basalt.gate.rpc.Json;
import io.basalt.gate.rpc.RpcClient;
import io.basalt.reactor.IdleMode;
import io.basalt.reactor.Reactor;
import io.basalt.testkit.Await;
import io.basalt.virtio.blk.BlkSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/// A guest on a cluster's volume moves from one gate to another, in every way in which that can go
/// wrong: what it has written is there, and of two gates only the one that has the attachment writes.
/// Each test has a volume of its own.
@Timeout(1200)
class MovingGuestTest {
    private static final Duration BOUND = Duration.ofMinutes(5);
    private static final int OK = BlkSpec.VIRTIO_BLK_S_OK;
    private static final int FAILED = BlkSpec.VIRTIO_BLK_S_IOERR;
    private static final long VOLUME_BYTES = 8 << 20;

    @TempDir
    private static Path folder;

    private static ClusterBox cluster;
    private static Host here;
    private static Host there;

    /// A host with a gate.
    private record Host(Gate gate, Path rpc, Path sockets) {
        static Host start(String name) {
            final Path data = folder.resolve(name);
            final Path rpc = folder.resolve(name + ".sock");
            final GateOptions options =
                    new GateOptions(data, rpc, data.resolve("vhost"), 1, List.of(), IdleMode.ADAPTIVE);
            final ClusterOptions membership =
                    new ClusterOptions(List.of(cluster.metaserver()), cluster.keyFile(), name, "room", "rack", name);
            return new Host(
                    Gate.start(options.withCluster(membership), GateLog.install(LogLevel.ERROR)),
                    rpc,
                    data.resolve("vhost"));
        }

        JsonNode call(String method, String parameters) {
            try (RpcClient client = RpcClient.connect(rpc, BOUND)) {
                return client.call(
                        method, Json.parse(parameters.replace('\'', '"').getBytes(StandardCharsets.UTF_8)));
            }
        }

        /// Serves a volume.
        ///
        /// @param more parameters of its attachment
        Path serve(String volume, String more) {
            call("bdev_basalt_create", "{'name':'" + volume + "'" + more + "}");
            call("vhost_create_blk_controller", "{'ctrlr':'" + volume + "','dev_name':'" + volume + "'}");
            return sockets.resolve(volume);
        }

        private JsonNode about(String volume) {
            return call("bdev_get_bdevs", "{'name':'" + volume + "'}")
                    .path(0)
                    .path("driver_specific")
                    .path("basalt");
        }

        String state(String volume) {
            return about(volume).path("state").stringValue("");
        }

        int generation(String volume) {
            return about(volume).path("generation").intValue(0);
        }

        /// Waits until no front end is left. Here the front ends of a guest share its memory, which
        /// those of two hosts never do: a ring that a dead one still had would be this guest's too.
        void awaitNoFrontEnd(String volume) {
            Await.until(
                    "nobody uses " + volume,
                    BOUND,
                    () -> call("vhost_get_controllers", "{'name':'" + volume + "'}")
                            .path(0)
                            .path("sessions")
                            .isEmpty());
        }

        void awaitState(String volume, VolumeState state) {
            Await.until(volume + " is " + state, BOUND, () -> state(volume).equals(state.name()));
        }
    }

    @BeforeAll
    static void startACluster() {
        cluster = new ClusterBox(folder);
        here = Host.start("here");
        there = Host.start("there");
    }

    @AfterAll
    static void stop() {
        here.gate().close();
        there.gate().close();
        cluster.close();
    }

    /// A guest that runs here, has written 1 to block 1, and is about to move there.
    private static final class Move implements AutoCloseable {
        final HandGuest guest = new HandGuest();
        final HandGuest.FrontEnd source;
        final HandGuest.FrontEnd destination;

        Move(String volume) {
            cluster.create(volume, VOLUME_BYTES);
            source = guest.connect(here.serve(volume, ""));
            source.start();
            write(1, 1);
            destination = guest.connect(there.serve(volume, ",'incoming':true"));
            destination.barrier();
            source.beginToMove();
        }

        void write(long block, long number) {
            assertThat(guest.await(guest.write(block, number))).isEqualTo(OK);
        }

        void expect(long block, long number) {
            assertThat(guest.number(guest.read(block))).isEqualTo(number);
        }

        @Override
        public void close() {
            source.hangUp();
            destination.hangUp();
            guest.close();
        }
    }

    @Test
    void theGenerationRisesWhenTheGuestRunsThereAndNotBefore() {
        try (Move move = new Move("moves")) {
            move.write(2, 2);
            assertThat(here.generation("moves")).isEqualTo(1);
            assertThat(there.state("moves")).isEqualTo("STANDBY");

            move.source.stop();
            assertThat(here.state("moves")).isEqualTo("LEFT");
            move.destination.start();
            move.expect(2, 2);
            move.write(3, 3);
            assertThat(there.generation("moves")).isEqualTo(2);

            move.source.hangUp();
            here.awaitState("moves", VolumeState.FENCED);
            move.expect(3, 3);
        }
    }

    @Test
    void aGuestMovesThereAndBack() {
        try (Move move = new Move("returns")) {
            move.source.stop();
            move.destination.start();
            move.write(2, 2);
            move.source.hangUp();
            here.awaitState("returns", VolumeState.FENCED);

            try (HandGuest.FrontEnd back = move.guest.connect(here.serve("returns", ",'incoming':true"))) {
                move.destination.beginToMove();
                move.destination.stop();
                back.start();
                move.expect(2, 2);
                move.write(3, 3);
                assertThat(here.generation("returns")).isEqualTo(3);
            }
        }
    }

    @Test
    void theSourceGoesOnIfTheDestinationNeverRan() {
        try (Move move = new Move("fails")) {
            move.source.stop();
            move.destination.hangUp();
            move.source.start();
            move.write(2, 2);
            assertThat(here.generation("fails")).isEqualTo(2);
            assertThat(there.state("fails")).isEqualTo("STANDBY");
        }
    }

    @Test
    void theSourceGoesOnIfTheDestinationDiesAfterItHasWritten() {
        try (Move move = new Move("dies")) {
            move.source.stop();
            move.destination.start();
            move.write(2, 2);
            move.destination.hangUp();
            there.awaitNoFrontEnd("dies");
            move.source.start();
            move.expect(2, 2);
            move.write(3, 3);
            assertThat(here.generation("dies")).isEqualTo(3);
            there.awaitState("dies", VolumeState.FENCED);
        }
    }

    @Test
    void whatADestinationAskedThatDiedBeforeItHadTheVolumeIsNeitherDoneNorAnswered() {
        final CountDownLatch asked = new CountDownLatch(1);
        try (Move move = new Move("too-late")) {
            move.source.stop();
            cluster.holdMetaserver(asked);
            final int request = move.guest.write(2, 2);
            move.destination.start();
            there.awaitState("too-late", VolumeState.ATTACHING);
            move.destination.hangUp();
            there.awaitNoFrontEnd("too-late");
            assertThat(there.state("too-late")).isEqualTo("STANDBY");
            assertThat(move.guest.isAnswered(request)).isFalse();
            asked.countDown();

            // The metaserver had the wish already, and grants it; nobody wants it any more.
            Await.until(
                    "the old gate has heard of it",
                    BOUND,
                    () -> here.about("too-late").path("reason").stringValue("").contains("generation 2"));
            move.source.start();
            move.write(3, 3);
            move.expect(2, 0);
            assertThat(here.generation("too-late")).isEqualTo(3);
            assertThat(there.state("too-late")).isEqualTo("STANDBY");
        } finally {
            asked.countDown();
        }
    }

    @Test
    void theDestinationGoesOnIfTheSourceDiesWithoutHavingStopped() {
        try (Move move = new Move("source-dies")) {
            move.source.hangUp();
            here.awaitNoFrontEnd("source-dies");
            move.destination.start();
            move.expect(1, 1);
            move.write(2, 2);
            here.awaitState("source-dies", VolumeState.FENCED);
        }
    }

    @Test
    void ofTwoGuestsThatRunAtTheSameTimeTheOneThatCameLastWritesAndTheOtherNeverAgain() {
        try (Move move = new Move("split");
                HandGuest twin = new HandGuest();
                HandGuest.FrontEnd unasked = twin.connect(there.sockets().resolve("split"))) {
            move.destination.hangUp();
            unasked.start();
            assertThat(twin.await(twin.write(1, 100))).isEqualTo(OK);
            assertThat(move.guest.await(move.guest.write(1, 5))).isEqualTo(FAILED);
            here.awaitState("split", VolumeState.FENCED);
            move.source.stop();
            move.source.start();
            assertThat(move.guest.await(move.guest.write(1, 6))).isEqualTo(FAILED);
            assertThat(twin.number(twin.read(1))).isEqualTo(100);

            here.call("bdev_basalt_create", "{'name':'split','take_over':true}");
            here.awaitState("split", VolumeState.ATTACHED);
            move.write(1, 7);
            assertThat(twin.await(twin.write(1, 101))).isEqualTo(FAILED);
            move.expect(1, 7);
        }
    }

    @Test
    void aWriteOfTheOldGateThatComesAfterTheNewGenerationDoesNothing() {
        final ClusterVolume old = cluster.volume("late", VOLUME_BYTES);
        final Reactor reactor = cluster.data.reactor();
        final VolumeChannel channel = ClusterBox.on(reactor, done -> done.complete(old.openChannel(reactor)));
        final CountDownLatch heard = new CountDownLatch(1);
        try (HandGuest guest = new HandGuest();
                HandGuest.FrontEnd destination = guest.connect(there.serve("late", ",'incoming':true"))) {
            assertThat(write(reactor, channel, 1)).isEqualTo(BlockStatus.OK);
            cluster.holdControl(heard);
            destination.start();
            assertThat(guest.number(guest.read(1))).isEqualTo(1);
            assertThat(guest.await(guest.write(1, 2))).isEqualTo(OK);
            // The old gate has not heard of it, and writes.
            assertThat(write(reactor, channel, 3)).isEqualTo(BlockStatus.IO_ERROR);
            assertThat(guest.number(guest.read(1))).isEqualTo(2);
        } finally {
            heard.countDown();
            ClusterBox.<Boolean>on(reactor, done -> {
                channel.close();
                done.complete(true);
            });
        }
        Await.until("the old gate knows", BOUND, () -> old.state() == VolumeState.FENCED);
        cluster.detach(old);
    }

    /// Fill block 1 with a number, on the reactor.
    private static BlockStatus write(Reactor reactor, VolumeChannel channel, long number) {
        final RegionTable table = new RegionTable(List.of(Arena.ofAuto().allocate(HandGuest.BLOCK_BYTES, 4096)), true);
        for (int offset = 0; offset < HandGuest.BLOCK_BYTES; offset += Long.BYTES) {
            table.segment(0).set(ValueLayout.JAVA_LONG, offset, number);
        }
        return ClusterBox.on(reactor, done -> {
            channel.useMemory(table);
            final Request request = new Request(channel, table, done);
            final BlockStatus status = channel.submit(request);
            if (status != BlockStatus.PENDING) {
                request.completed(status);
            }
        });
    }

    /// A write of block 1.
    private static final class Request extends BlockRequest {
        private final VolumeChannel channel;
        private final RegionTable table;
        private final CompletableFuture<BlockStatus> done;

        Request(VolumeChannel channel, RegionTable table, CompletableFuture<BlockStatus> done) {
            super(1);
            this.channel = channel;
            this.table = table;
            this.done = done;
            prepare(BlockOperation.WRITE, HandGuest.BLOCK_BYTES, HandGuest.BLOCK_BYTES, true);
            data().reset(table);
            data().add(0, 0, HandGuest.BLOCK_BYTES);
        }

        @Override
        public void completed(BlockStatus status) {
            channel.releaseMemory(table);
            done.complete(status);
        }
    }

    @Test
    void aFrontEndThatReplacesAnotherOnTheSameGateNeedsNoNewGeneration() {
        try (Move move = new Move("replaced");
                HandGuest.FrontEnd next = move.guest.connect(here.sockets().resolve("replaced"))) {
            next.barrier();
            move.source.stop();
            next.start();
            move.write(2, 2);
            move.expect(1, 1);
            assertThat(here.generation("replaced")).isEqualTo(1);
            assertThat(there.state("replaced")).isEqualTo("STANDBY");
        }
    }
}
