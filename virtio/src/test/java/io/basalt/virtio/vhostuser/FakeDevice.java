package io.basalt.virtio.vhostuser;

import io.basalt.virtio.queue.QueueSetup;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A device that writes down what it is told. It acknowledges at once, or when the test says so, and watches that
/// nothing its queues use is taken away.
final class FakeDevice implements VhostUserDevice {
    /// SIZE_MAX SEG_MAX BLK_SIZE FLUSH TOPOLOGY CONFIG_WCE MQ DISCARD WRITE_ZEROES INDIRECT EVENT_IDX VERSION_1
    /// PACKED.
    static final long FEATURES = 0x1_3000_7e46L | VhostUserSpec.VIRTIO_F_RING_PACKED;

    static final int QUEUE_COUNT = 4;
    static final int WRITEBACK_OFFSET = 32;

    final List<String> told = new ArrayList<>();
    final List<String> notes = new ArrayList<>();
    final Deque<Runnable> held = new ArrayDeque<>();
    final @Nullable QueueSetup[] running = new @Nullable QueueSetup[QUEUE_COUNT];
    final int[] served = new int[QUEUE_COUNT];
    final byte[] config = new byte[60];
    private final FakeSystem system;
    boolean holding;

    @Nullable
    String refuseStart;

    FakeDevice(FakeSystem system) {
        this.system = system;
        for (int i = 0; i < config.length; i++) {
            config[i] = (byte) (i + 1);
        }
        system.unmapping = mapping -> {
            for (final QueueSetup setup : running) {
                if (setup != null && uses(setup, mapping.memory())) {
                    system.mistakes.add("unmapped what queue " + setup.index() + " uses");
                }
            }
        };
        system.closing = fd -> {
            for (final QueueSetup setup : running) {
                if (setup != null && uses(setup, fd)) {
                    system.mistakes.add("closed what queue " + setup.index() + " uses");
                }
            }
        };
    }

    private static boolean uses(QueueSetup setup, MemorySegment memory) {
        return setup.memory().regions().stream()
                .anyMatch(region -> region.memory().equals(memory));
    }

    private static boolean uses(QueueSetup setup, int fd) {
        return setup.kickFd() == fd
                || (setup.call() instanceof FakeSystem.FakeSignal call && call.fd() == fd)
                || (setup.error() instanceof FakeSystem.FakeSignal error && error.fd() == fd);
    }

    private void later(Runnable acknowledgement) {
        if (holding) {
            held.add(acknowledgement);
        } else {
            acknowledgement.run();
        }
    }

    /// Acknowledge what is held, oldest first.
    void acknowledge() {
        while (!held.isEmpty()) {
            held.remove().run();
        }
    }

    @Override
    public long features() {
        return FEATURES;
    }

    @Override
    public int queueCountMax() {
        return QUEUE_COUNT;
    }

    @Override
    public int queueSizeMax() {
        return 1024;
    }

    @Override
    public void readConfig(int offset, MemorySegment into) {
        for (int i = 0; i < into.byteSize() && offset + i < config.length; i++) {
            into.set(ValueLayout.JAVA_BYTE, i, config[offset + i]);
        }
    }

    @Override
    public void writeConfig(int offset, MemorySegment data, boolean migration) throws RefusedException {
        if (offset != WRITEBACK_OFFSET || data.byteSize() != 1) {
            throw new RefusedException("offset " + offset + ": only writeback is writable");
        }
        config[offset] = data.get(ValueLayout.JAVA_BYTE, 0);
        told.add("writeback " + config[offset] + (migration ? " by migration" : ""));
    }

    @Override
    public void negotiated(long features, long protocolFeatures) {
        told.add(String.format("negotiated 0x%x 0x%x", features, protocolFeatures));
    }

    @Override
    public void startQueue(QueueSetup setup, Completion completion) {
        if (running[setup.index()] != null) {
            system.mistakes.add("started twice");
        }
        told.add("start " + describe(setup));
        final String refusal = refuseStart;
        if (refusal != null) {
            later(() -> completion.completed(refusal));
            return;
        }
        running[setup.index()] = setup;
        later(() -> completion.completed(null));
    }

    @Override
    public void changeQueue(QueueSetup setup, Completion completion) {
        if (running[setup.index()] == null) {
            system.mistakes.add("changed while stopped");
        }
        told.add("change " + describe(setup));
        later(() -> {
            running[setup.index()] = setup;
            completion.completed(null);
        });
    }

    @Override
    public void stopQueue(int index, StopCompletion completion) {
        final QueueSetup setup = running[index];
        if (setup == null) {
            system.mistakes.add("stopped while stopped");
            return;
        }
        told.add("stop " + index);
        later(() -> {
            running[index] = null;
            final int base = setup.base() + served[index];
            served[index] = 0;
            completion.stopped(base);
        });
    }

    @Override
    public void noted(String note) {
        notes.add(note);
    }

    private static String describe(QueueSetup setup) {
        return setup.index()
                + (setup.enabled() ? " enabled" : " disabled")
                + (setup.log() == null ? "" : " logging")
                + (setup.usedLogAddress() == -1 ? "" : " used")
                + (setup.inflight() == null ? "" : " inflight");
    }
}
