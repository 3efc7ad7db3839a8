package io.basalt.quorum;

import io.basalt.net.NodeAddress;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.RaftConfigKeys;
import org.apache.ratis.conf.Parameters;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.grpc.GrpcConfigKeys;
import org.apache.ratis.grpc.server.GrpcServices;
import org.apache.ratis.rpc.SupportedRpcType;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.apache.ratis.thirdparty.io.grpc.Metadata;
import org.apache.ratis.thirdparty.io.grpc.ServerCall;
import org.apache.ratis.thirdparty.io.grpc.ServerCallHandler;
import org.apache.ratis.thirdparty.io.grpc.ServerInterceptor;
import org.apache.ratis.thirdparty.io.grpc.Status;
import org.apache.ratis.thirdparty.io.grpc.netty.NettyServerBuilder;
import org.apache.ratis.util.SizeInBytes;
import org.apache.ratis.util.TimeDuration;

/// How Ratis is set up: times, lengths, and who may ask it what.
final class RaftSettings {
    /// A follower that has heard of no leader for a time drawn between these begins an election: a leader that dies is
    /// replaced within two seconds.
    private static final int ELECTION_MIN_MS = 300;

    private static final int ELECTION_MAX_MS = 600;

    /// A replica that has begun just now waits longer, and gives each round of its first election longer: it has to
    /// load what an election takes, and so have the others.
    private static final int FIRST_ELECTION_FACTOR = 2;
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
        RaftServerConfigKeys.Rpc.setTimeoutMin(properties, ms(ELECTION_MIN_MS));
        RaftServerConfigKeys.Rpc.setTimeoutMax(properties, ms(ELECTION_MAX_MS));
        if (options.members().size() > 1) {
            RaftServerConfigKeys.Rpc.setFirstElectionTimeoutMin(
                    properties, ms(ELECTION_MIN_MS * FIRST_ELECTION_FACTOR));
            RaftServerConfigKeys.Rpc.setFirstElectionTimeoutMax(
                    properties, ms(ELECTION_MAX_MS * FIRST_ELECTION_FACTOR));
        }
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

    static Parameters parameters() {
        final Parameters parameters = new Parameters();
        GrpcConfigKeys.Server.setServicesCustomizer(parameters, RaftSettings::membersOnly);
        return parameters;
    }

    private static NettyServerBuilder membersOnly(NettyServerBuilder builder, EnumSet<GrpcServices.Type> types) {
        return builder.intercept(new ServerInterceptor() {
            @Override
            public <Q, A> ServerCall.Listener<Q> interceptCall(
                    ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
                if (MEMBERS_SERVICE.equals(call.getMethodDescriptor().getServiceName())) {
                    return next.startCall(call, headers);
                }
                call.close(Status.PERMISSION_DENIED, new Metadata());
                return new ServerCall.Listener<>() {};
            }
        });
    }

    private static TimeDuration ms(int milliseconds) {
        return TimeDuration.valueOf(milliseconds, TimeUnit.MILLISECONDS);
    }
}
