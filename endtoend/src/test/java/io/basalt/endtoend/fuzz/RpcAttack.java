package io.basalt.endtoend.fuzz;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.random.RandomGenerator;

/// Management requests that are damaged, endless, deeply nested, cut short or sent by the hundred. None of them
/// names the witness's disk, and none brings a path that damage could turn into another.
final class RpcAttack implements Attack {
    private static final List<String> REQUESTS = List.of(
            "{'jsonrpc':'2.0','id':1,'method':'spdk_get_version'}",
            "{'jsonrpc':'2.0','id':2,'method':'rpc_get_methods','params':{'current':true}}",
            "{'jsonrpc':'2.0','id':'x','method':'bdev_get_bdevs','params':{'name':'ram'}}",
            "{'jsonrpc':'2.0','id':3,'method':'bdev_get_iostat','params':{'name':'file','per_channel':true}}",
            "{'jsonrpc':'2.0','id':4,'method':'bdev_get_iostat','params':{'names':[{'name':'ram'},{'name':'null'}]}}",
            "{'jsonrpc':'2.0','id':5,'method':'bdev_malloc_create','params':{'name':'r1','num_blocks':64,"
                    + "'block_size':512,'uuid':'7a0e3b51-1f0c-4d5a-9a43-000000000001'}}",
            "{'jsonrpc':'2.0','id':6,'method':'bdev_null_create','params':{'name':'r2','num_blocks':64,"
                    + "'block_size':4096}}",
            "{'jsonrpc':'2.0','id':7,'method':'bdev_null_resize','params':{'name':'null','new_size':64}}",
            "{'jsonrpc':'2.0','id':8,'method':'bdev_malloc_delete','params':{'name':'r1'}}",
            "{'jsonrpc':'2.0','id':9,'method':'bdev_null_delete','params':{'name':'r2'}}",
            "{'jsonrpc':'2.0','id':10,'method':'bdev_error_create','params':{'base_name':'r1'}}",
            "{'jsonrpc':'2.0','id':11,'method':'bdev_error_inject_error','params':{'name':'EE_r1','io_type':'all',"
                    + "'error_type':'failure','num':5}}",
            "{'jsonrpc':'2.0','id':12,'method':'bdev_delay_create','params':{'name':'d1','base_bdev_name':'r2',"
                    + "'avg_read_latency':10,'p99_read_latency':20,'avg_write_latency':10,'p99_write_latency':20}}",
            "{'jsonrpc':'2.0','id':13,'method':'vhost_get_controllers','params':{'name':'ram'}}",
            "{'jsonrpc':'2.0','id':14,'method':'vhost_controller_set_coalescing','params':{'ctrlr':'ram',"
                    + "'delay_base_us':10,'iops_threshold':1000}}",
            "{'jsonrpc':'2.0','id':15,'method':'vhost_create_blk_controller','params':{'ctrlr':'r1',"
                    + "'dev_name':'r1','readonly':false,'cpumask':'0x3','num_queues':4}}",
            "{'jsonrpc':'2.0','id':16,'method':'vhost_delete_controller','params':{'ctrlr':'r1'}}",
            "{'jsonrpc':'2.0','id':17,'method':'framework_set_idle','params':{'mode':'adaptive'}}",
            "{'jsonrpc':'2.0','id':18,'method':'framework_get_reactors'}",
            "{'jsonrpc':'2.0','id':19,'method':'bdev_set_qos_limit','params':{'name':'ram','rw_ios_per_sec':0}}",
            "{'jsonrpc':'2.0','id':20,'method':'save_config','params':{'indent':2}}",
            "{'jsonrpc':'2.0','id':21,'method':'bdev_reset_iostat','params':{'name':'ram','mode':'all'}}",
            "{'jsonrpc':'2.0','id':22,'method':'thread_get_stats'}",
            "{'jsonrpc':'2.0','id':23,'method':'framework_get_config','params':{'name':'bdev'}}",
            "[{'jsonrpc':'2.0','id':24,'method':'log_get_level'},{'jsonrpc':'2.0','method':'spdk_get_version'}]");
    private static final List<String> VALUES = List.of(
            "null",
            "true",
            "-1",
            "0",
            "18446744073709551616",
            "1e400",
            "-0.0",
            "''",
            "'\\u0000'",
            "'\\ud800'",
            "[]",
            "{}",
            "[[[[]]]]",
            "'../../x'",
            "9223372036854775807",
            "4294967296",
            "'0xffffffffffffffffffff'",
            "'ram'");
    private static final int LONG_BYTES_MAX = 3 << 20;
    private static final int NESTING_MAX = 20_000;

    private final FuzzedGate gate;

    RpcAttack(FuzzedGate gate) {
        this.gate = gate;
    }

    @Override
    public void strike(RandomGenerator random) {
        final List<WireClient> clients = new ArrayList<>();
        try {
            final int clientCount = Chance.oneIn(random, 4) ? random.nextInt(2, 17) : 1;
            for (int i = 0; i < clientCount; i++) {
                final WireClient client = WireClient.tryConnect(gate.rpcSocket());
                if (client != null) {
                    clients.add(client);
                }
            }
            for (int count = random.nextInt(1, 12); count > 0 && !clients.isEmpty(); count--) {
                final WireClient client = Chance.of(random, clients);
                if (!client.trySend(request(random), new int[0]) || (random.nextBoolean() && client.drain(20) < 0)) {
                    clients.remove(client);
                    client.close();
                }
            }
            Collections.shuffle(clients, java.util.Random.from(random));
        } finally {
            clients.forEach(WireClient::close);
        }
    }

    private static byte[] request(RandomGenerator random) {
        final String right = Chance.of(random, REQUESTS).replace('\'', '"');
        return switch (random.nextInt(10)) {
            case 0, 1 -> bytes(right);
            case 2 -> flipped(random, bytes(right));
            case 3 -> bytes(right.substring(0, random.nextInt(right.length())));
            case 4 -> bytes(right + right + right.substring(0, random.nextInt(right.length())));
            case 5 -> bytes((random.nextBoolean() ? "[" : "{\"a\":").repeat(random.nextInt(NESTING_MAX)));
            case 6 -> bytes("{\"method\":\"" + "x".repeat(random.nextInt(LONG_BYTES_MAX)) + "\"");
            default -> bytes(replaced(random, right));
        };
    }

    /// One value of the request replaced by another.
    private static String replaced(RandomGenerator random, String right) {
        String text = right;
        for (int count = random.nextInt(1, 3); count > 0; count--) {
            final int colon = text.indexOf(':', random.nextInt(text.length()));
            if (colon > 0) {
                int end = colon + 1;
                while (end < text.length() && ",}]".indexOf(text.charAt(end)) < 0) {
                    end++;
                }
                text = text.substring(0, colon + 1)
                        + Chance.of(random, VALUES).replace('\'', '"')
                        + text.substring(end);
            }
        }
        return text;
    }

    private static byte[] flipped(RandomGenerator random, byte[] bytes) {
        for (int count = random.nextInt(1, 6); count > 0; count--) {
            bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
        }
        return bytes;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
