package io.basalt.quorum;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.meta.log.Contact;
import io.basalt.meta.log.MetaLogException;
import io.basalt.meta.log.Replica;
import io.basalt.meta.log.local.SnapshotFile;
import io.basalt.net.ClusterKey;
import io.basalt.net.NodeAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.ratis.proto.RaftProtos;
import org.apache.ratis.proto.grpc.AdminProtocolServiceGrpc;
import org.apache.ratis.thirdparty.io.grpc.ManagedChannel;
import org.apache.ratis.thirdparty.io.grpc.Status;
import org.apache.ratis.thirdparty.io.grpc.StatusRuntimeException;
import org.apache.ratis.thirdparty.io.grpc.netty.NettyChannelBuilder;
import org.apache.ratis.util.MD5FileUtil;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Who does not belong to a quorum, and what nobody may ask of it, is refused; so is a state of a newer version.
@Timeout(900)
class StrangersTest {
    @TempDir
    private Path folder = Path.of("");

    @Test
    void aReplicaWithAnotherKeyTakesNoPartAndIsCalledAStranger() {
        final byte[] otherKey = new byte[ClusterKey.BYTES];
        otherKey[0] = 1;
        try (QuorumBed bed = new QuorumBed(folder, 3)) {
            bed.open(1, bed.members, false, false, null);
            bed.open(2, bed.members, false, false, null);
            final LogOwner stranger = bed.open(3, QuorumOptions.groupOf(new ClusterKey(otherKey)));
            final LogOwner leader = bed.leader();
            bed.until("replica 3 is known for a stranger", () -> contact(leader, 3) == Contact.STRANGER);
            assertThat(contact(leader, 3).text()).contains("another key");
            final LogOwner follower = bed.replica(3 - bed.idOf(leader));
            bed.until("the follower is heard", () -> contact(leader, bed.idOf(follower)) == Contact.ANSWERS);

            leader.append("a secret");
            bed.until("it is committed", () -> follower.reader.entries.contains("a secret"));
            assertThat(stranger.reader.entries).isEmpty();
            assertThat(stranger.reader.leads).isFalse();

            bed.stop(follower);
            bed.until("it is silent", () -> contact(leader, bed.idOf(follower)) == Contact.SILENT);
        }
    }

    @Test
    void operatorsAndClientsOfRatisAreNotServed() {
        try (QuorumBed bed = new QuorumBed(folder, 1)) {
            bed.open();
            bed.leader();
            final NodeAddress at = Objects.requireNonNull(bed.members.get(1));
            final ManagedChannel channel = NettyChannelBuilder.forAddress(at.host(), at.port())
                    .usePlaintext()
                    .build();
            try {
                final var operator = AdminProtocolServiceGrpc.newBlockingStub(channel);
                final RaftProtos.GroupListRequestProto question = RaftProtos.GroupListRequestProto.getDefaultInstance();
                assertThatThrownBy(() -> operator.groupList(question))
                        .isInstanceOfSatisfying(
                                StatusRuntimeException.class,
                                refusal -> assertThat(refusal.getStatus().getCode())
                                        .isEqualTo(Status.Code.PERMISSION_DENIED));
            } finally {
                channel.shutdownNow();
            }
        }
    }

    @Test
    void aSnapshotOfANewerVersionIsRefusedAndLosesNothing() throws IOException {
        try (QuorumBed bed = new QuorumBed(folder, 1)) {
            bed.open();
            IntStream.range(0, 30).forEach(number -> {
                bed.leader().append("entry " + number);
                bed.until("it ended", bed.leader()::allEnded);
            });
            bed.stopAll();
            final List<Path> snapshots = snapshots();
            assertThat(snapshots).isNotEmpty();
            for (final Path each : snapshots) {
                setVersion(each, 2);
            }
            assertThatThrownBy(bed::open)
                    .isInstanceOf(MetaLogException.class)
                    .hasMessageContaining("version 2")
                    .hasMessageContaining("cannot be opened");
            for (final Path each : snapshots) {
                setVersion(each, 1);
            }
            bed.open();
            assertThat(bed.leader().reader.entries)
                    .hasSize(30)
                    .startsWith("entry 0")
                    .endsWith("entry 29");
        }
    }

    private static Contact contact(LogOwner asked, int id) {
        for (final Replica each :
                Objects.requireNonNull(asked.log.replication()).replicas()) {
            if (each.id() == id) {
                return each.contact();
            }
        }
        return Contact.NONE;
    }

    private List<Path> snapshots() throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(each -> each.getFileName().toString().matches("snapshot\\.\\d+_\\d+"))
                    .toList();
        }
    }

    /// The version is the byte that the state begins with.
    private static void setVersion(Path file, int version) throws IOException {
        final SnapshotFile whole = SnapshotFile.of(file.toString(), Files.readAllBytes(file));
        final byte[] state = whole.state();
        state[0] = (byte) version;
        Files.write(file, new SnapshotFile(whole.index(), state).toBytes());
        MD5FileUtil.saveMD5File(file.toFile(), MD5FileUtil.computeMd5ForFile(file.toFile()));
    }
}
