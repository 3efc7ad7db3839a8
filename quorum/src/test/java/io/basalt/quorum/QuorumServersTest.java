package io.basalt.quorum;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.meta.MetaOptions;
import io.basalt.meta.MetaServer;
import io.basalt.meta.StoredState;
import io.basalt.meta.log.MetaLogException;
import io.basalt.meta.log.local.SnapshotFile;
import io.basalt.net.ClusterKey;
import io.basalt.net.NodeAddress;
import io.basalt.testkit.Await;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Whole metaservers whose log is a quorum's, in this process.
@Timeout(900)
class QuorumServersTest {
    private static final Duration BOUND = Duration.ofMinutes(2);
    private static final ClusterKey KEY = new ClusterKey(new byte[ClusterKey.BYTES]);
    private static final int OK = 200;
    private static final int CREATED = 201;
    private static final int NO_CONTENT = 204;
    private static final int ELSEWHERE = 307;

    private final HttpClient http = HttpClient.newHttpClient();
    private final Deque<MetaServer> running = new ArrayDeque<>();
    private final SortedMap<Integer, NodeAddress> members = new TreeMap<>();
    private final List<Integer> ports = QuorumBed.freePorts(12);

    @TempDir
    private Path folder = Path.of("");

    @AfterEach
    void stop() {
        running.forEach(MetaServer::close);
        http.shutdownNow();
    }

    @Test
    void threeMetaserversAnswerAsOneAndGoOnWithoutTheirLeader() throws Exception {
        for (int id = 1; id <= 3; id++) {
            members.put(id, address(id, 0));
        }
        final MetaServer[] servers = {start(1, members, false), start(2, members, false), start(3, members, false)};
        final MetaServer leader = leader(servers);
        final String token = token(leader);
        final MetaServer follower = servers[0].equals(leader) ? servers[1] : servers[0];
        Await.until("the follower knows the leader", BOUND, () -> ask(follower, "/v1/tokens", token) == ELSEWHERE);
        final HttpResponse<String> elsewhere = get(follower, "/v1/tokens", token);
        assertThat(elsewhere.headers().firstValue("Location")).contains(leader.restUrl() + "/v1/tokens");
        assertThat(elsewhere.body()).contains("NOT_LEADER", leader.restUrl().substring(7));
        assertThat(get(follower, "/v1/meta", token).body())
                .contains("\"engine\" : \"quorum\"")
                .contains("\"leads\" : false");

        assertThat(post(leader, "/v1/tokens", token, "{\"name\":\"second\"}")).isEqualTo(CREATED);
        final long startNs = System.nanoTime();
        leader.close();
        running.remove(leader);
        final MetaServer next = leader(running.toArray(MetaServer[]::new));
        Await.until("it answers", BOUND, () -> ask(next, "/v1/tokens", token) == OK);
        System.out.println("another metaserver answers after " + (System.nanoTime() - startNs) / 1_000_000 + " ms");
        assertThat(get(next, "/v1/tokens", token).body()).contains("\"second\"");
        assertThat(post(next, "/v1/tokens", token, "{\"name\":\"third\"}")).isEqualTo(CREATED);
    }

    @Test
    void aSingleMetaserverBecomesAQuorumAndABackupBecomesASingleOne() throws Exception {
        final Path data = folder.resolve("1");
        final MetaServer alone = MetaServer.start(options(1));
        running.add(alone);
        final String token = Files.readString(data.resolve("token")).strip();
        assertThat(post(alone, "/v1/tokens", token, "{\"name\":\"before\"}")).isEqualTo(CREATED);
        assertThat(get(alone, "/v1/meta", token).body()).contains("\"engine\" : \"local\"");
        assertThat(post(alone, "/v1/meta/transfer", token, "{\"id\":2}")).isEqualTo(409);
        alone.close();
        running.clear();

        members.put(1, address(1, 0));
        final MetaServer first = start(1, members, false);
        leader(first);
        assertThat(get(first, "/v1/tokens", token).body()).contains("\"before\"");
        final SortedMap<Integer, NodeAddress> all = new TreeMap<>(members);
        all.put(2, address(2, 0));
        all.put(3, address(3, 0));
        for (int id = 2; id <= 3; id++) {
            start(id, all, true);
            assertThat(post(
                            first,
                            "/v1/meta/replicas",
                            token,
                            "{\"id\":%d,\"address\":\"%s\"}".formatted(id, all.get(id))))
                    .isEqualTo(NO_CONTENT);
        }
        assertThat(post(first, "/v1/tokens", token, "{\"name\":\"after\"}")).isEqualTo(CREATED);
        assertThat(post(first, "/v1/meta/transfer", token, "{\"id\":3}")).isEqualTo(NO_CONTENT);
        final MetaServer third = running.getLast();
        Await.until("replica 3 answers", BOUND, () -> ask(third, "/v1/tokens", token) == OK);
        assertThat(get(third, "/v1/tokens", token).body()).contains("\"before\"", "\"after\"");

        final byte[] backup = http.send(
                        request(third, "/v1/meta/backup", token).build(), HttpResponse.BodyHandlers.ofByteArray())
                .body();
        final Path restored = folder.resolve("4");
        StoredState.restore(restored, SnapshotFile.of("the answer", backup));
        final MetaServer again = MetaServer.start(options(4));
        running.add(again);
        assertThat(get(again, "/v1/tokens", token).body()).contains("\"before\"", "\"after\"");
        backup[backup.length - 1]++;
        assertThatThrownBy(() -> SnapshotFile.of("the answer", backup))
                .isInstanceOf(MetaLogException.class)
                .hasMessageContaining("checksum");
        assertThatThrownBy(() -> StoredState.restore(restored, new SnapshotFile(1, new byte[0])))
                .isInstanceOf(RuntimeException.class);

        running.forEach(MetaServer::close);
        running.clear();
        assertThatThrownBy(() -> MetaServer.start(options(1)))
                .isInstanceOf(MetaLogException.class)
                .hasMessageContaining("[meta] id and quorum");
        final MetaServer back = start(1, members, false);
        assertThat(back.replicated()).isTrue();
    }

    private MetaServer start(int id, SortedMap<Integer, NodeAddress> whom, boolean join) {
        final MetaServer server = MetaServer.start(options(id).withEngine(engine(id, whom, join)));
        running.add(server);
        return server;
    }

    private static QuorumEngine engine(int id, SortedMap<Integer, NodeAddress> whom, boolean join) {
        return new QuorumEngine(id, whom, join, usual -> usual.withElection(QuorumBed.PATIENT_ELECTION_MS));
    }

    private MetaOptions options(int id) {
        return MetaOptions.of(folder.resolve(Integer.toString(id)), KEY).withAddresses(address(id, 1), address(id, 2));
    }

    private NodeAddress address(int id, int which) {
        return new NodeAddress("127.0.0.1", ports.get(3 * (id - 1) + which));
    }

    private MetaServer leader(MetaServer... servers) {
        final MetaServer[] found = new MetaServer[1];
        Await.until("one leads", BOUND, () -> {
            for (final MetaServer each : servers) {
                if (ask(each, "/readyz", "") == OK) {
                    found[0] = each;
                }
            }
            return found[0] != null;
        });
        return Objects.requireNonNull(found[0]);
    }

    /// The first token is with whoever has led first.
    private String token(MetaServer leader) throws IOException {
        Await.until("the leader has made a token", BOUND, () -> Files.exists(leader.tokenFile()));
        final String token = Files.readString(leader.tokenFile()).strip();
        Await.until("it is accepted", BOUND, () -> ask(leader, "/v1/tokens", token) == OK);
        return token;
    }

    private int ask(MetaServer server, String path, String token) {
        try {
            return get(server, path, token).statusCode();
        } catch (IOException | InterruptedException e) {
            return 0;
        }
    }

    private HttpResponse<String> get(MetaServer server, String path, String token)
            throws IOException, InterruptedException {
        return http.send(request(server, path, token).build(), HttpResponse.BodyHandlers.ofString());
    }

    private int post(MetaServer server, String path, String token, String body)
            throws IOException, InterruptedException {
        return http.send(
                        request(server, path, token)
                                .header("Content-Type", "application/json")
                                .POST(HttpRequest.BodyPublishers.ofString(body))
                                .build(),
                        HttpResponse.BodyHandlers.ofString())
                .statusCode();
    }

    private static HttpRequest.Builder request(MetaServer server, String path, String token) {
        return HttpRequest.newBuilder(URI.create(server.restUrl() + path)).header("Authorization", "Bearer " + token);
    }
}
