package io.basalt.quorum;

import io.basalt.net.NodeAddress;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.RaftConfigKeys;
import org.apache.ratis.conf.Parameters;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.grpc.GrpcConfigKeys;
import org.apache.ratis.proto.RaftProtos.RaftRpcRequestProto;
import org.apache.ratis.proto.RaftProtos.RequestVoteRequestProto;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.rpc.SupportedRpcType;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.thirdparty.io.grpc.ForwardingServerCallListener;
import org.apache.ratis.thirdparty.io.grpc.Metadata;
import org.apache.ratis.thirdparty.io.grpc.ServerCall;
import org.apache.ratis.thirdparty.io.grpc.ServerCallHandler;
import org.apache.ratis.thirdparty.io.grpc.ServerInterceptor;
import org.apache.ratis.thirdparty.io.grpc.Status;
import org.apache.ratis.util.SizeInBytes;
import org.apache.ratis.util.TimeDuration;

/// How Ratis is set up: times, lengths, and who may ask it what.
final class RaftSettings {
    /// The longest time that a follower waits for a leader, in shortest ones.
    private static final int ELECTION_SPREAD = 2;

    /// A replica that has begun just now waits between these times, and gives each round of its first election so
    /// long: it has to load what an election takes, and so have the others.
    private static final int FIRST_ELECTION_MIN_MS = 600;

    private static final int FIRST_ELECTION_MAX_MS = 1_200;

    /// A follower whose thread has slept this much too long waits once more before it asks for votes. On a busy
    /// host a third of a second, which is Ratis' own, is nothing; and whoever asks in vain does no harm: the
    /// others tell it before the election that there is a leader.
    private static final int OVERSLEPT_MS = 10_000;

    private static final int REQUEST_TIMEOUT_MS = 1_500;
    private static final int STAGING_S = 15;

    /// Pause and how often, in turn.
    private static final String RETRIES = "1ms,10, 20ms,20, 100ms,1000000";

    private static final int SNAPSHOTS_KEPT = 2;
    private static final int MIB = 1 << 20;

    /// What members ask one another. Ratis answers two more services on the same port, for clients and operators;
    /// here both go through the metaserver, which knows who asks.
    private static final String MEMBERS_SERVICE = "ratis.grpc.RaftServerProtocolService";

    private RaftSettings() {}

    static RaftProperties properties(QuorumOptions options) {
        final RaftProperties properties = new RaftProperties();
        final NodeAddress self = options.self();
        RaftConfigKeys.Rpc.setType(properties, SupportedRpcType.GRPC);
        GrpcConfigKeys.Server.setHost(properties, self.host());
        GrpcConfigKeys.Server.setPort(properties, self.port());
        GrpcConfigKeys.setMessageSizeMax(properties, SizeInBytes.valueOf(RaftEntry.BYTES_MAX + 4L * MIB));
        RaftServerConfigKeys.setStorageDir(properties, List.of(options.folder().toFile()));
        RaftServerConfigKeys.setRemovedGroupsDir(
                properties, options.folder().resolve("removed").toFile());
        // A process that was stopped for long goes on afterwards.
        RaftServerConfigKeys.setCloseThreshold(properties, TimeDuration.valueOf(1, TimeUnit.DAYS));
        // How long a new replica may make no progress before it is given up.
        RaftServerConfigKeys.setStagingTimeout(properties, TimeDuration.valueOf(STAGING_S, TimeUnit.SECONDS));
        final TimeDuration electionMax = ms(ELECTION_SPREAD * options.electionMs());
        RaftServerConfigKeys.Rpc.setTimeoutMin(properties, ms(options.electionMs()));
        RaftServerConfigKeys.Rpc.setTimeoutMax(properties, electionMax);
        if (options.members().size() > 1) {
            RaftServerConfigKeys.Rpc.setFirstElectionTimeoutMin(properties, ms(FIRST_ELECTION_MIN_MS));
            RaftServerConfigKeys.Rpc.setFirstElectionTimeoutMax(properties, ms(FIRST_ELECTION_MAX_MS));
        }
        RaftServerConfigKeys.LeaderElection.setPreVote(properties, true);
        // A leader that hears of no majority for the longest of these leads no longer, and stands back for so long
        // before it asks for votes again. Ratis' own ten seconds are ten seconds without a leader when the others
        // cannot be elected because they lack its last entries: when two are left of three, and one was slow to
        // answer the new leader's first requests.
        RaftServerConfigKeys.LeaderElection.setLeaderStepDownWaitTime(properties, electionMax);
        RaftServerConfigKeys.setSleepDeviationThreshold(properties, ms(OVERSLEPT_MS));
        RaftServerConfigKeys.Rpc.setRequestTimeout(properties, ms(REQUEST_TIMEOUT_MS));
        RaftServerConfigKeys.Log.setSegmentSizeMax(properties, SizeInBytes.valueOf(options.segmentBytes()));
        RaftServerConfigKeys.Log.setPreallocatedSize(properties, SizeInBytes.valueOf(MIB));
        RaftServerConfigKeys.Log.setWriteBufferSize(properties, SizeInBytes.valueOf(RaftEntry.BYTES_MAX + 2L * MIB));
        RaftServerConfigKeys.Log.Appender.setBufferByteLimit(
                properties, SizeInBytes.valueOf(RaftEntry.BYTES_MAX + MIB));
        RaftServerConfigKeys.Log.Appender.setSnapshotChunkSizeMax(properties, SizeInBytes.valueOf(2L * MIB));
        // A leader that has failed to reach a follower a few times would otherwise wait a second, then five, before it
        // tries again; and a new leader leads only when one follower has answered.
        RaftServerConfigKeys.Log.Appender.setRetryPolicy(properties, RETRIES);
        // What a snapshot stands for goes, whoever has not read it yet: he gets the snapshot. A replica that is away
        // for long would otherwise fill the disks of the others.
        RaftServerConfigKeys.Log.setPurgeUptoSnapshotIndex(properties, true);
        RaftServerConfigKeys.Log.setPurgeGap(properties, 1);
        RaftServerConfigKeys.Snapshot.setAutoTriggerEnabled(properties, true);
        RaftServerConfigKeys.Snapshot.setAutoTriggerThreshold(properties, options.snapshotEntries());
        RaftServerConfigKeys.Snapshot.setTriggerWhenStopEnabled(properties, false);
        RaftServerConfigKeys.Snapshot.setRetentionFileNum(properties, SNAPSHOTS_KEPT);
        return properties;
    }

    /// @param group of which the members are
    /// @param announcements told in whose name members ask whether this one would vote
    static Parameters parameters(UUID group, Announcements announcements) {
        final Parameters parameters = new Parameters();
        final ByteString id = RaftGroupId.valueOf(group).toByteString();
        GrpcConfigKeys.Server.setServicesCustomizer(
                parameters, (builder, types) -> builder.intercept(membersOnly(id, announcements)));
        return parameters;
    }

    private static ServerInterceptor membersOnly(ByteString group, Announcements announcements) {
        return new ServerInterceptor() {
            @Override
            public <Q, A> ServerCall.Listener<Q> interceptCall(
                    ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
                if (MEMBERS_SERVICE.equals(call.getMethodDescriptor().getServiceName())) {
                    return new Overheard<>(next.startCall(call, headers), group, announcements);
                }
                call.close(Status.PERMISSION_DENIED, new Metadata());
                return new ServerCall.Listener<>() {};
            }
        };
    }

    /// Hears in whose name votes are asked for, and passes everything on.
    private static final class Overheard<Q> extends ForwardingServerCallListener.SimpleForwardingServerCallListener<Q> {
        private final ByteString group;
        private final Announcements announcements;

        Overheard(ServerCall.Listener<Q> next, ByteString group, Announcements announcements) {
            super(next);
            this.group = group;
            this.announcements = announcements;
        }

        @Override
        public void onMessage(Q message) {
            if (message instanceof RequestVoteRequestProto vote && vote.getPreVote()) {
                final RaftRpcRequestProto head = vote.getServerRequest();
                if (head.getRaftGroupId().getId().equals(group)) {
                    announcements.heard(head.getRequestorId().toStringUtf8());
                }
            }
            super.onMessage(message);
        }
    }

    private static TimeDuration ms(int milliseconds) {
        return TimeDuration.valueOf(milliseconds, TimeUnit.MILLISECONDS);
    }
}
