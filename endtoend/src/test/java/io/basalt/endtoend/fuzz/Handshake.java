package io.basalt.endtoend.fuzz;

import static io.basalt.virtio.vhostuser.VhostUserSpec.*;

import io.basalt.virtio.blk.BlkSpec;
import io.basalt.virtio.queue.VirtqueueSpec;
import io.basalt.virtio.vhostuser.RegionDescription;
import io.basalt.virtio.vhostuser.VhostUserFrontEnd;
import io.basalt.virtio.vhostuser.VhostUserMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/// A front end's messages from the first to the start of its rings and beyond, all of them right: what attacks
/// begin with before they damage it.
final class Handshake {
    private static final long[] OPTIONAL_PROTOCOL_FEATURES = {
        PROTOCOL_F_LOG_SHMFD,
        PROTOCOL_F_BACKEND_REQ,
        PROTOCOL_F_INFLIGHT_SHMFD,
        PROTOCOL_F_RESET_DEVICE,
        PROTOCOL_F_CONFIGURE_MEM_SLOTS,
        PROTOCOL_F_STATUS,
        PROTOCOL_F_REPLY_ACK
    };
    private static final int[] OPTIONAL_FEATURES = {
        BlkSpec.VIRTIO_BLK_F_FLUSH, BlkSpec.VIRTIO_BLK_F_CONFIG_WCE, BlkSpec.VIRTIO_BLK_F_DISCARD,
        BlkSpec.VIRTIO_BLK_F_WRITE_ZEROES, VirtqueueSpec.VIRTIO_F_EVENT_IDX, VirtqueueSpec.VIRTIO_F_INDIRECT_DESC,
        VirtqueueSpec.VIRTIO_F_RING_PACKED
    };
    private static final int[] QUEUE_SIZES = {4, 8, 64, 128, 256};
    private static final int CONFIG_BYTES = 60;

    private final RandomGenerator random;
    private final GuestKit kit;
    private final int extraFd;
    private final VhostUserMessage message = VhostUserMessage.allocate();
    private final List<Step> steps = new ArrayList<>();
    private final long protocolFeatures;
    private final long features;
    private final int queueCount;
    private final int queueSize;

    private Handshake(RandomGenerator random, GuestKit kit, int extraFd) {
        this.random = random;
        this.kit = kit;
        this.extraFd = extraFd;
        protocolFeatures = protocolFeatures(random);
        features = features(random);
        queueCount = random.nextInt(1, GuestKit.QUEUES_MAX + 1);
        queueSize = queueSize(random);
    }

    /// A choice of protocol features that any front end might make.
    static long protocolFeatures(RandomGenerator random) {
        long chosen = PROTOCOL_F_MQ | PROTOCOL_F_CONFIG;
        for (final long feature : OPTIONAL_PROTOCOL_FEATURES) {
            chosen |= random.nextBoolean() ? feature : 0;
        }
        return chosen;
    }

    /// A choice of virtio features that any driver might make.
    static long features(RandomGenerator random) {
        long chosen = 1L << VirtqueueSpec.VIRTIO_F_VERSION_1 | VHOST_USER_F_PROTOCOL_FEATURES;
        for (final int feature : OPTIONAL_FEATURES) {
            chosen |= random.nextBoolean() ? 1L << feature : 0;
        }
        return chosen;
    }

    static int queueSize(RandomGenerator random) {
        return QUEUE_SIZES[random.nextInt(QUEUE_SIZES.length)];
    }

    /// Draws a whole handshake.
    ///
    /// @param inflightFd a memory file to hand over as inflight region and as dirty log
    static List<Step> draw(RandomGenerator random, GuestKit kit, int inflightFd) {
        final Handshake handshake = new Handshake(random, kit, inflightFd);
        handshake.agree();
        handshake.prepare();
        handshake.startRings();
        handshake.runAndStop();
        return handshake.steps;
    }

    private void agree() {
        ask(message.begin(GET_FEATURES, VERSION, 0));
        ask(message.begin(GET_PROTOCOL_FEATURES, VERSION, 0));
        steps.add(
                Step.of(message.begin(SET_PROTOCOL_FEATURES, VERSION, U64_SIZE).u64(protocolFeatures), false));
        ask(message.begin(GET_QUEUE_NUM, VERSION, 0));
        if (agreed(PROTOCOL_F_CONFIGURE_MEM_SLOTS)) {
            ask(message.begin(GET_MAX_MEM_SLOTS, VERSION, 0));
        }
        tell(message.begin(SET_OWNER, VERSION, 0));
        message.begin(GET_CONFIG, VERSION, CONFIG_HEADER_SIZE + CONFIG_BYTES).config(0, CONFIG_BYTES, 0);
        ask(message);
        if (agreed(PROTOCOL_F_BACKEND_REQ)) {
            tell(message.begin(SET_BACKEND_REQ_FD, VERSION, 0), extraFd);
        }
    }

    private void prepare() {
        tell(message.begin(SET_FEATURES, VERSION, U64_SIZE).u64(features));
        if (agreed(PROTOCOL_F_INFLIGHT_SHMFD)) {
            if (random.nextBoolean()) {
                ask(message.begin(GET_INFLIGHT_FD, VERSION, INFLIGHT_SIZE).inflightQueues(queueCount, queueSize));
            } else {
                tell(
                        message.begin(SET_INFLIGHT_FD, VERSION, INFLIGHT_SIZE)
                                .map(1 << 20, 0)
                                .inflightQueues(queueCount, queueSize),
                        extraFd);
            }
        }
        memory();
    }

    private void memory() {
        final List<VhostUserFrontEnd.Memory> regions = kit.regions();
        if (agreed(PROTOCOL_F_CONFIGURE_MEM_SLOTS)) {
            for (final VhostUserFrontEnd.Memory region : regions) {
                tell(message.begin(ADD_MEM_REG, VERSION, SINGLE_REGION_SIZE).region(0, region.region()), region.fd());
            }
            return;
        }
        final int[] fds =
                regions.stream().mapToInt(VhostUserFrontEnd.Memory::fd).toArray();
        message.begin(SET_MEM_TABLE, VERSION, MEMORY_HEADER_SIZE + fds.length * MEMORY_REGION_SIZE)
                .regionCount(fds.length);
        for (int i = 0; i < fds.length; i++) {
            message.region(i, regions.get(i).region());
        }
        tell(message, fds);
    }

    private void startRings() {
        for (int queue = 0; queue < queueCount; queue++) {
            event(SET_VRING_CALL, queue, kit.call(queue).fd());
            event(SET_VRING_ERR, queue, kit.error().fd());
            tell(message.begin(SET_VRING_NUM, VERSION, VRING_STATE_SIZE).state(queue, queueSize));
            tell(message.begin(SET_VRING_BASE, VERSION, VRING_STATE_SIZE).state(queue, packed() ? 0x8000_8000 : 0));
            final long ring = kit.userAddress(GuestKit.FIRST_ADDRESS) + queue * (64L << 10);
            message.begin(SET_VRING_ADDR, VERSION, VRING_ADDR_SIZE)
                    .addresses(queue, 0, ring, ring + (32 << 10), ring + (16 << 10), 0);
            tell(message);
            event(SET_VRING_KICK, queue, kit.kick(queue).fd());
            tell(message.begin(SET_VRING_ENABLE, VERSION, VRING_STATE_SIZE).state(queue, 1));
        }
    }

    private void event(int request, int queue, int fd) {
        if (Chance.oneIn(random, 8)) {
            tell(message.begin(request, VERSION, U64_SIZE).u64(queue | VRING_NOFD_MASK));
        } else {
            tell(message.begin(request, VERSION, U64_SIZE).u64(queue), fd);
        }
    }

    private void runAndStop() {
        if (agreed(PROTOCOL_F_STATUS)) {
            tell(message.begin(SET_STATUS, VERSION, U64_SIZE).u64(15));
            ask(message.begin(GET_STATUS, VERSION, 0));
        }
        if (agreed(PROTOCOL_F_LOG_SHMFD)) {
            ask(message.begin(SET_LOG_BASE, VERSION, LOG_SIZE).map(1 << 20, 0), extraFd);
            tell(message.begin(SET_FEATURES, VERSION, U64_SIZE).u64(features | VHOST_F_LOG_ALL));
        }
        message.begin(SET_CONFIG, VERSION, CONFIG_HEADER_SIZE + 1)
                .config(BlkSpec.CONFIG_WRITEBACK, 1, random.nextInt(2));
        tell(message);
        memory();
        for (int queue = 0; queue < queueCount; queue++) {
            ask(message.begin(GET_VRING_BASE, VERSION, VRING_STATE_SIZE).state(queue, 0));
        }
        if (agreed(PROTOCOL_F_CONFIGURE_MEM_SLOTS)) {
            final RegionDescription last = kit.regions().getLast().region();
            tell(message.begin(REM_MEM_REG, VERSION, SINGLE_REGION_SIZE).region(0, last));
        }
        if (agreed(PROTOCOL_F_RESET_DEVICE)) {
            tell(message.begin(RESET_DEVICE, VERSION, 0));
        }
    }

    private boolean packed() {
        return (features & VIRTIO_F_RING_PACKED) != 0;
    }

    private boolean agreed(long feature) {
        return (protocolFeatures & feature) != 0;
    }

    private void ask(VhostUserMessage built, int... fds) {
        steps.add(Step.of(built, true, fds));
    }

    private void tell(VhostUserMessage built, int... fds) {
        final boolean acknowledged = agreed(PROTOCOL_F_REPLY_ACK) && random.nextBoolean();
        steps.add(Step.of(acknowledged ? built.flags(VERSION | NEED_REPLY_MASK) : built, acknowledged, fds));
    }
}
