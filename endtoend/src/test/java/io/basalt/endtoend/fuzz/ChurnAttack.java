package io.basalt.endtoend.fuzz;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/// Volumes and controllers that come and go, grow, slow down and fail, while front ends use them.
final class ChurnAttack implements Attack {
    private static final int NAMES = 3;
    private static final long FILE_BYTES = 4L << 20;

    private final FuzzedGate gate;

    ChurnAttack(FuzzedGate gate) throws IOException {
        this.gate = gate;
        for (int number = 0; number < NAMES; number++) {
            final Path file = file(number);
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
                channel.write(ByteBuffer.allocate(1), FILE_BYTES - 1);
            }
        }
    }

    /// Controllers that come and go, beside those that are always there.
    static List<String> victims() {
        final List<String> names = new ArrayList<>(FuzzedGate.TARGETS);
        for (int number = 0; number < NAMES; number++) {
            names.add("c" + number);
        }
        return names;
    }

    private Path file(int number) {
        return gate.inFolder("churn" + number + ".raw");
    }

    @Override
    public void strike(RandomGenerator random) {
        final int number = random.nextInt(NAMES);
        final String name = "'v" + number + "'";
        final String controller = "'c" + number + "'";
        switch (random.nextInt(15)) {
            case 0 -> gate.tryCall("bdev_malloc_create", "{'name':" + name + ",'num_blocks':8192,'block_size':512}");
            case 1 -> gate.tryCall("bdev_null_create", "{'name':" + name + ",'num_blocks':8192,'block_size':4096}");
            case 2 -> gate.tryCall("bdev_uring_create", "{'name':" + name + ",'filename':'" + file(number) + "'}");
            case 3 ->
                gate.tryCall(
                        "bdev_" + Chance.of(random, List.of("malloc", "null", "uring")) + "_delete",
                        "{'name':" + name + "}");
            case 4, 5, 6 ->
                gate.tryCall(
                        "vhost_create_blk_controller",
                        "{'ctrlr':" + controller + ",'dev_name':" + volume(random, number)
                                + ",'packed_ring':true,'readonly':" + Chance.oneIn(random, 4) + "}");
            case 7 -> gate.tryCall("vhost_delete_controller", "{'ctrlr':" + controller + "}");
            case 8 ->
                gate.tryCall("vhost_delete_controller", "{'ctrlr':'" + Chance.of(random, FuzzedGate.TARGETS) + "'}");
            case 9 -> {
                final String target = Chance.of(random, FuzzedGate.TARGETS);
                gate.tryCall(
                        "vhost_create_blk_controller",
                        "{'ctrlr':'" + target + "','dev_name':'" + target + "','packed_ring':true}");
            }
            case 10 -> gate.tryCall("bdev_malloc_resize", "{'name':'ram','new_size':" + random.nextInt(1, 65) + "}");
            case 11 -> gate.tryCall("bdev_null_resize", "{'name':'null','new_size':" + random.nextInt(1, 1025) + "}");
            case 12 -> layers(random, number);
            case 13 ->
                gate.tryCall(
                        "framework_set_idle",
                        "{'mode':'" + Chance.of(random, List.of("adaptive", "adaptive", "interrupt", "poll")) + "'}");
            default ->
                gate.tryCall(
                        "vhost_controller_set_coalescing",
                        "{'ctrlr':" + controller + ",'delay_base_us':" + random.nextInt(200)
                                + ",'iops_threshold':1000}");
        }
    }

    private static String volume(RandomGenerator random, int number) {
        return switch (random.nextInt(4)) {
            case 0 -> "'EE_v" + number + "'";
            case 1 -> "'d" + number + "'";
            case 2 -> "'" + Chance.of(random, FuzzedGate.TARGETS) + "'";
            default -> "'v" + number + "'";
        };
    }

    /// Volumes over other volumes: slow ones and failing ones.
    private void layers(RandomGenerator random, int number) {
        switch (random.nextInt(5)) {
            case 0 -> gate.tryCall("bdev_error_create", "{'base_name':'v" + number + "'}");
            case 1 ->
                gate.tryCall(
                        "bdev_error_inject_error",
                        "{'name':'EE_v" + number + "','io_type':'all','error_type':'failure','num':"
                                + random.nextInt(1, 50) + "}");
            case 2 -> gate.tryCall("bdev_error_delete", "{'name':'EE_v" + number + "'}");
            case 3 ->
                gate.tryCall(
                        "bdev_delay_create",
                        "{'name':'d" + number + "','base_bdev_name':'v" + number
                                + "','avg_read_latency':500,'p99_read_latency':5000,'avg_write_latency':500,"
                                + "'p99_write_latency':20000}");
            default -> gate.tryCall("bdev_delay_delete", "{'name':'d" + number + "'}");
        }
    }
}
