package io.basalt.gate.rpc.method;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.gate.rpc.Json;
import io.basalt.gate.rpc.RpcConnection;
import io.basalt.testkit.SeededTest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/// Whatever bytes come, each request is answered or the connection is broken off, and nothing is thrown.
class HostileRequestTest {
    private static final List<String> REQUESTS = List.of(
            "{'jsonrpc':'2.0','id':1,'method':'spdk_get_version'}",
            "{'jsonrpc':'2.0','id':1,'method':'rpc_get_methods','params':{'current':true,'include_aliases':true}}",
            "{'id':1,'method':'bdev_null_create','params':{'name':'N','block_size':512,'num_blocks':4096}}",
            "{'id':'x','method':'bdev_malloc_create','params':{'name':'M','block_size':4096,'num_blocks':16,"
                    + "'uuid':'83fef6b2-573b-4c3e-becb-d813bce398a1'}}",
            "{'id':1,'method':'bdev_uring_create','params':{'name':'U','filename':'/nonexistent','readonly':true}}",
            "{'id':1,'method':'bdev_null_resize','params':{'name':'N','new_size':4}}",
            "{'id':1,'method':'bdev_null_delete','params':{'name':'N'}}",
            "{'id':1,'method':'bdev_error_create','params':{'base_name':'M'}}",
            "{'id':1,'method':'bdev_get_bdevs','params':{'name':'N','timeout':5}}",
            "{'id':1,'method':'bdev_get_iostat','params':{'names':['N','M'],'per_channel':true,'reset_mode':'all'}}",
            "{'id':1,'method':'bdev_set_qos_limit','params':{'name':'N','rw_ios_per_sec':0}}",
            "{'id':1,'method':'vhost_create_blk_controller','params':{'ctrlr':'v','dev_name':'N','cpumask':'[0-3]',"
                    + "'socket':'/run/v.sock','num_queues':4,'mode':'client','transport':'vhost_user_blk'}}",
            "{'id':1,'method':'vhost_get_controllers','params':{'name':'v'}}",
            "{'id':1,'method':'vhost_controller_set_coalescing','params':{'ctrlr':'v','delay_base_us':1,"
                    + "'iops_threshold':1000}}",
            "{'id':1,'method':'vhost_delete_controller','params':{'ctrlr':'v'}}",
            "{'id':1,'method':'framework_set_idle','params':{'mode':'poll','lcore':1}}",
            "{'id':1,'method':'log_set_level','params':{'level':'NOTICE'}}",
            "{'id':1,'method':'load_config','params':{'subsystems':[{'subsystem':'bdev','config':[{'method':"
                    + "'bdev_null_create','params':{'name':'L','block_size':512,'num_blocks':8}}]}]}}",
            "[{'id':1,'method':'save_config'},{'method':'framework_get_reactors'},{'id':2,'method':'nope'}]");

    /// Pieces that break parsers: numbers, nesting, surrogates, terminators, claims of length.
    private static final List<String> POISON = List.of(
            "99999999999999999999999999",
            "1e999999999",
            "-0",
            "4294967296",
            "9223372036854775808",
            "0x10",
            "NaN",
            "\"\\ud800\"",
            "\"\\u0000\"",
            "\"\\uDFFF\\uD800\"",
            "null",
            "true",
            "{}",
            "[]",
            "[[[[[[[[",
            "{\"a\":{\"a\":{\"a\":",
            "\"../../etc/passwd\"",
            "\"/\"",
            "/*",
            "\\",
            "\"",
            ",",
            "\u0000",
            "\ufeff");

    @TempDir
    private Path directory;

    private GateFixture gate;

    @BeforeEach
    void start() {
        gate = new GateFixture(directory);
        gate.methods.restore();
    }

    @AfterEach
    void stop() {
        gate.close();
    }

    private RpcConnection connection() {
        return new RpcConnection(gate.dispatcher, () -> {});
    }

    /// Takes all answers, each of which must be JSON with an error or a result.
    private static int answers(RpcConnection connection) {
        int count = 0;
        byte[] next = connection.output();
        while (next != null) {
            final JsonNode answer = Json.parse(next);
            for (final JsonNode one : answer.isArray() ? answer : Json.array().add(answer)) {
                assertThat(one.has("result") ^ one.has("error")).isTrue();
                assertThat(one.has("id")).isTrue();
            }
            count++;
            connection.sent();
            connection.resume();
            next = connection.output();
        }
        return count;
    }

    private static byte[] bytes(String request) {
        return request.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    }

    private void assertBrokenOff(byte[] bytes) {
        final RpcConnection connection = connection();
        connection.receive(bytes, 0, bytes.length);
        assertThat(answers(connection)).isEqualTo(1);
        assertThat(connection.broken()).isTrue();
    }

    @Test
    void breaksOffDeepNestingWithoutRunningOutOfStack() {
        assertBrokenOff("[".repeat(1_000_000).getBytes(StandardCharsets.UTF_8));
        assertBrokenOff("{\"a\":".repeat(200_000).getBytes(StandardCharsets.UTF_8));
        final String deep = "{\"id\":1,\"method\":\"save_config\",\"params\":{\"a\":" + "[".repeat(31) + "]".repeat(31);
        assertBrokenOff((deep + "}}").getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void breaksOffARequestOfMoreThanTheLimitBeforeItEnds() {
        final RpcConnection connection = connection();
        final byte[] chunk = new byte[64 << 10];
        Arrays.fill(chunk, (byte) 'x');
        connection.receive(bytes("{'a':'"), 0, 6);
        int taken = 0;
        while (!connection.broken() && taken < 64) {
            connection.receive(chunk, 0, chunk.length);
            taken++;
        }
        assertThat(taken).isLessThanOrEqualTo((Json.BYTES_MAX / chunk.length) + 1);
        assertThat(answers(connection)).isEqualTo(1);
    }

    @Test
    void breaksOffHugeNumbersAndInvalidUtf8() {
        assertBrokenOff(
                bytes("{'id':1,'method':'bdev_null_create','params':{'num_blocks':" + "9".repeat(100_000) + "}}"));
        final String request = "{'id':1,'method':'save_config#'}";
        for (final int wrong : new int[] {0xff, 0x80, 0xc3, 0xed, 0xf8}) {
            final byte[] invalid = bytes(request);
            invalid[request.indexOf('#')] = (byte) wrong;
            assertBrokenOff(invalid);
        }
    }

    @Test
    void waitsForTheRestOfARequestWithoutAnswering() {
        for (final String request : REQUESTS) {
            final byte[] whole = bytes(request);
            final RpcConnection connection = connection();
            for (int at = 0; at < whole.length - 1; at++) {
                connection.receive(whole, at, 1);
                assertThat(connection.output()).isNull();
            }
            connection.receive(whole, whole.length - 1, 1);
            assertThat(answers(connection)).isEqualTo(1);
            assertThat(connection.broken()).isFalse();
        }
    }

    @Test
    void answersOrBreaksOffTenThousandMutatedRequests() {
        SeededTest.run(10_000, random -> {
            byte[] mutant = bytes(REQUESTS.get(random.nextInt(REQUESTS.size())));
            for (int mutations = 1 + random.nextInt(4); mutations > 0; mutations--) {
                mutant = mutate(mutant, random);
            }
            final RpcConnection connection = connection();
            connection.receive(mutant, 0, mutant.length);
            answers(connection);
            assertThat(connection.callsWaiting()).isZero();
        });
    }

    private static byte[] mutate(byte[] original, RandomGenerator random) {
        final int at = random.nextInt(original.length + 1);
        return switch (random.nextInt(6)) {
            case 0 -> flipped(original, random);
            case 1 -> joined(original, at, poison(random), at);
            case 2 -> joined(original, at, poison(random), Math.min(original.length, at + random.nextInt(20)));
            case 3 -> valueReplaced(original, random);
            case 4 -> joined(original, at, bytes(REQUESTS.get(random.nextInt(REQUESTS.size()))), at);
            default -> Arrays.copyOf(original, Math.max(1, at));
        };
    }

    private static byte[] flipped(byte[] original, RandomGenerator random) {
        final byte[] changed = original.clone();
        changed[random.nextInt(changed.length)] ^= (byte) (1 << random.nextInt(8));
        return changed;
    }

    private static byte[] poison(RandomGenerator random) {
        return POISON.get(random.nextInt(POISON.size())).getBytes(StandardCharsets.UTF_8);
    }

    /// Puts poison where a value is, so that it gets past the parser more often.
    private static byte[] valueReplaced(byte[] original, RandomGenerator random) {
        int colon = random.nextInt(original.length);
        while (colon < original.length && original[colon] != ':') {
            colon++;
        }
        int end = Math.min(colon + 1, original.length);
        while (end < original.length && original[end] != ',' && original[end] != '}') {
            end++;
        }
        return joined(original, Math.min(colon + 1, original.length), poison(random), end);
    }

    private static byte[] joined(byte[] original, int before, byte[] piece, int after) {
        final byte[] joined = new byte[before + piece.length + original.length - after];
        System.arraycopy(original, 0, joined, 0, before);
        System.arraycopy(piece, 0, joined, before, piece.length);
        System.arraycopy(original, after, joined, before + piece.length, original.length - after);
        return joined;
    }
}
