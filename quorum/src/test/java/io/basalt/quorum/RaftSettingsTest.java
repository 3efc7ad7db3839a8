package io.basalt.quorum;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.net.NodeAddress;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.apache.ratis.util.TimeDuration;
import org.junit.jupiter.api.Test;

/// Times of Ratis that are each longer than a quorum may be without a leader, unless they are set.
class RaftSettingsTest {
    private static final TimeDuration LOSS_MAX = TimeDuration.valueOf(2, TimeUnit.SECONDS);

    private final RaftProperties properties = RaftSettings.properties(QuorumOptions.of(
            Path.of("nowhere"),
            QuorumBed.GROUP,
            1,
            new TreeMap<>(Map.of(1, at(1), 2, at(2), 3, at(3))),
            false,
            QuorumBed.rest(1),
            QuorumBed.rest(1)));

    private static NodeAddress at(int port) {
        return new NodeAddress("127.0.0.1", port);
    }

    @Test
    void nobodyStandsBackFromAnElectionForLong() {
        final TimeDuration standsBack = RaftServerConfigKeys.LeaderElection.leaderStepDownWaitTime(properties);
        final TimeDuration electionMax = RaftServerConfigKeys.Rpc.timeoutMax(properties);
        assertThat(standsBack.add(electionMax)).isLessThan(LOSS_MAX);
        assertThat(RaftServerConfigKeys.Rpc.firstElectionTimeoutMax(properties)).isLessThan(LOSS_MAX);
    }

    @Test
    void aFollowerThatOversleepsOnABusyHostAsksForVotesAllTheSame() {
        assertThat(RaftServerConfigKeys.sleepDeviationThreshold(properties)).isGreaterThan(LOSS_MAX);
        assertThat(RaftServerConfigKeys.LeaderElection.preVote(properties))
                .as("whoever asks in vain does no harm")
                .isTrue();
    }
}
