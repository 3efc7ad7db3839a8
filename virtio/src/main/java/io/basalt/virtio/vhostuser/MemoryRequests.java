package io.basalt.virtio.vhostuser;

import static io.basalt.virtio.vhostuser.VhostUserSpec.*;

import io.basalt.virtio.memory.DirtyLog;
import io.basalt.virtio.memory.GuestMemory;
import io.basalt.virtio.queue.InflightLayout;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The requests about memory: guest memory, dirty log, inflight region. Owns the mappings of all three.
final class MemoryRequests {
    private static final long PAGE_SIZE = 4096;
    private static final long LOG_SIZE_MAX = MemoryTable.TOTAL_SIZE_MAX;

    private final Answers answers;
    private final MessageAssembler assembler;
    private final VhostUserMessage message;
    private final VhostUserDevice device;
    private final MemoryMapper mapper;
    private final RingSet rings;
    private final MemoryTable table;
    private MemoryMapper.@Nullable Mapping logMapping;
    private long logOffset;

    MemoryRequests(
            Answers answers, MessageAssembler assembler, VhostUserDevice device, MemoryMapper mapper, RingSet rings) {
        this.answers = answers;
        this.assembler = assembler;
        this.message = assembler.message();
        this.device = device;
        this.mapper = mapper;
        this.rings = rings;
        this.table = new MemoryTable(mapper);
    }

    /// Unmap everything; no ring runs any more.
    void release() {
        table.release();
        dropInflight();
        dropLog();
    }

    // ---- images of a suspended session

    List<SessionImage.Region> regionImages() {
        return table.regions().stream()
                .map(region -> new SessionImage.Region(
                        region.description(), region.mapping().fd()))
                .toList();
    }

    SessionImage.@Nullable Inflight inflightImage() {
        final InflightRegion region = rings.inflight;
        return region == null
                ? null
                : new SessionImage.Inflight(
                        region.mapOffset(),
                        region.queueCount(),
                        region.queueSize(),
                        region.mapping().fd());
    }

    SessionImage.@Nullable Log logImage() {
        final MemoryMapper.Mapping mapping = logMapping;
        return mapping == null ? null : new SessionImage.Log(mapping.memory().byteSize(), logOffset, mapping.fd());
    }

    /// Map what an image describes, whose files are closed in any case. On refusal what was mapped before
    /// stays until [#release()].
    void restore(SessionImage image) throws RefusedException {
        try {
            map(image);
        } finally {
            image.regions().forEach(region -> rings.replace(region.fd(), -1));
            final SessionImage.Inflight inflight = image.inflight();
            rings.replace(inflight == null ? -1 : inflight.fd(), -1);
            final SessionImage.Log log = image.log();
            rings.replace(log == null ? -1 : log.fd(), -1);
        }
    }

    private void map(SessionImage image) throws RefusedException {
        final List<SessionImage.Region> regions = image.regions();
        if (regions.size() > GuestMemory.REGION_COUNT_MAX) {
            throw new RefusedException(regions.size() + " regions, at most " + GuestMemory.REGION_COUNT_MAX);
        }
        final MemoryTable.Change change = table.prepareReplace(
                regions.stream().map(SessionImage.Region::description).toList(),
                regions.stream().mapToInt(SessionImage.Region::fd).toArray());
        table.adopt(change);
        rings.memory = change.memory();
        final SessionImage.Inflight inflight = image.inflight();
        if (inflight != null) {
            requireInflightShape(inflight.queueCount(), inflight.queueSize());
            final long bytes = inflightBytes(inflight.queueCount(), inflight.queueSize());
            requireMappable(bytes, bytes, Long.MAX_VALUE, inflight.mapOffset());
            rings.inflight = new InflightRegion(
                    mapper.mapInflight(inflight.fd(), bytes, inflight.mapOffset()),
                    inflight.mapOffset(),
                    inflight.queueCount(),
                    inflight.queueSize());
        }
        final SessionImage.Log log = image.log();
        if (log != null) {
            requireMappable(log.size(), Long.BYTES, LOG_SIZE_MAX, log.mapOffset());
            final MemoryMapper.Mapping mapping = mapper.mapLog(log.fd(), log.size(), log.mapOffset());
            logMapping = mapping;
            logOffset = log.mapOffset();
            rings.log = new DirtyLog(mapping.memory());
        }
    }

    private long inflightBytes(int count, int size) {
        return new InflightLayout(rings.packed(), count, size).regionBytes();
    }

    // ---- guest memory

    void setMemTable() throws RefusedException {
        final int count = message.regionCount();
        if (count < 1 || count > MEMORY_BASELINE_NREGIONS) {
            throw new RefusedException(
                    Integer.toUnsignedString(count) + " regions: want 1 to " + MEMORY_BASELINE_NREGIONS);
        }
        if (message.size() < MEMORY_HEADER_SIZE + count * MEMORY_REGION_SIZE) {
            throw new RefusedException(count + " regions do not fit in " + message.size() + " bytes");
        }
        assembler.requireFds(count);
        final List<RegionDescription> wanted = new ArrayList<>();
        final int[] files = new int[count];
        for (int i = 0; i < count; i++) {
            wanted.add(message.region(i));
            files[i] = assembler.fd(i);
        }
        apply(table.prepareReplace(wanted, files));
    }

    void addMemReg() throws RefusedException {
        answers.requireAgreed(PROTOCOL_F_CONFIGURE_MEM_SLOTS, "CONFIGURE_MEM_SLOTS");
        assembler.requireFds(1);
        apply(table.prepareAdd(message.region(0), assembler.fd(0)));
    }

    void remMemReg() throws RefusedException {
        answers.requireAgreed(PROTOCOL_F_CONFIGURE_MEM_SLOTS, "CONFIGURE_MEM_SLOTS");
        apply(table.prepareRemove(message.region(0)));
    }

    private void apply(MemoryTable.Change change) throws RefusedException {
        if (change.isEmpty()) {
            answers.settle(null);
            return;
        }
        try {
            rings.requireReachable(change.memory());
        } catch (RefusedException refused) {
            table.cancel(change);
            throw refused;
        }
        table.adopt(change);
        rings.memory = change.memory();
        rings.changeStarted(refusal -> {
            table.retire(change);
            answers.settle(refusal);
        });
    }

    private void requireMappable(long size, long sizeMin, long sizeMax, long offset) throws RefusedException {
        if (size < sizeMin || size > sizeMax) {
            throw new RefusedException(
                    "size " + Long.toUnsignedString(size) + ": want " + sizeMin + " to " + sizeMax + " bytes");
        }
        if (offset < 0 || offset > Long.MAX_VALUE - size || offset % PAGE_SIZE != 0) {
            throw new RefusedException("offset 0x" + Long.toHexString(offset) + ": must be a multiple of " + PAGE_SIZE);
        }
    }

    // ---- dirty log

    void setLogBase() throws RefusedException {
        answers.requireAgreed(PROTOCOL_F_LOG_SHMFD, "LOG_SHMFD");
        assembler.requireFds(1);
        requireMappable(message.mapSize(), Long.BYTES, LOG_SIZE_MAX, message.mapOffset());
        final MemoryMapper.Mapping mapping = mapper.mapLog(assembler.fd(0), message.mapSize(), message.mapOffset());
        final MemoryMapper.Mapping old = logMapping;
        logMapping = mapping;
        logOffset = message.mapOffset();
        rings.log = new DirtyLog(mapping.memory());
        rings.changeStarted(refusal -> {
            if (old != null) {
                old.unmap();
            }
            if (refusal == null) {
                // The one request without a specified reply that front ends wait for all the same.
                answers.replyU64(0);
            } else {
                answers.settle(refusal);
            }
        });
    }

    void dropLog() {
        rings.log = null;
        if (logMapping != null) {
            logMapping.unmap();
            logMapping = null;
        }
    }

    // ---- inflight region

    private void requireInflightShape() throws RefusedException {
        answers.requireAgreed(PROTOCOL_F_INFLIGHT_SHMFD, "INFLIGHT_SHMFD");
        requireInflightShape(message.inflightQueueCount(), message.inflightQueueSize());
    }

    private void requireInflightShape(int count, int size) throws RefusedException {
        if (count < 1 || count > device.queueCountMax()) {
            throw new RefusedException(count + " queues: want 1 to " + device.queueCountMax());
        }
        if (size < 1 || size > device.queueSizeMax()) {
            throw new RefusedException("queue size " + size + ": want 1 to " + device.queueSizeMax());
        }
    }

    void getInflightFd() {
        final int count = message.inflightQueueCount();
        final int size = message.inflightQueueSize();
        final VhostUserMessage reply = answers.begin(message.size());
        int fd = -1;
        try {
            requireInflightShape();
            final long bytes = inflightBytes(count, size);
            fd = mapper.createInflight(bytes);
            reply.map(bytes, 0).inflightQueues(count, size);
        } catch (RefusedException refused) {
            // Told by a size of 0 and no descriptor.
            answers.noteRefusal(refused.reason());
        }
        answers.reply(fd);
        rings.replace(fd, -1);
    }

    void setInflightFd() throws RefusedException {
        requireInflightShape();
        assembler.requireFds(1);
        if (rings.anyStarted()) {
            throw new RefusedException("may not change while a ring runs");
        }
        final int count = message.inflightQueueCount();
        final int size = message.inflightQueueSize();
        final long needed = inflightBytes(count, size);
        requireMappable(message.mapSize(), needed, Long.MAX_VALUE, message.mapOffset());
        final MemoryMapper.Mapping mapping = mapper.mapInflight(assembler.fd(0), needed, message.mapOffset());
        dropInflight();
        rings.inflight = new InflightRegion(mapping, message.mapOffset(), count, size);
        answers.settle(null);
    }

    void dropInflight() {
        final InflightRegion region = rings.inflight;
        rings.inflight = null;
        if (region != null) {
            region.mapping().unmap();
        }
    }
}
