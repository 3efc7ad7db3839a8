package io.basalt.gate.handover;

import io.basalt.gate.handover.HandoverMessage.DiskState;
import io.basalt.gate.handover.HandoverMessage.NoFront;
import io.basalt.gate.handover.HandoverMessage.Prepare;
import io.basalt.wire.meta.VolumeRecord;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a hand-over is about, for tests: two groups of disks that are let go of when the test says
/// so, and a list of all that was asked.
final class ScriptedSource implements Handover.Source {
    static final List<List<String>> GROUPS = List.of(List.of("a1", "a2"), List.of("b"));

    final List<String> calls = new ArrayList<>();
    final Map<List<String>, Runnable> draining = new LinkedHashMap<>();
    boolean held;

    /// Whether disks are slowed down only when the test says so.
    boolean slowsLate;

    @Nullable
    Runnable slowing;

    @Nullable
    VolumeRecord attachment;

    private final int fd;

    /// @param fd descriptor that stands for all that are handed over
    ScriptedSource(int fd) {
        this.fd = fd;
    }

    @Override
    public void hold() {
        held = true;
        calls.add("hold");
    }

    @Override
    public Prepare prepare() {
        calls.add("prepare");
        return new Prepare("{}", fd, fd, List.of(), List.of());
    }

    @Override
    public List<List<String>> groups() {
        return GROUPS;
    }

    @Override
    public void slow(List<String> group, Runnable slowed) {
        if (slowsLate) {
            calls.add("slow " + group.getFirst());
            slowing = slowed;
        } else {
            slowed.run();
        }
    }

    @Override
    public void suspend(List<String> group, Runnable suspended) {
        calls.add("suspend " + group.getFirst());
        draining.put(group, suspended);
    }

    /// Nothing of a group is in flight any more.
    void drained(int group) {
        final Runnable suspended = draining.remove(GROUPS.get(group));
        if (suspended == null) {
            throw new AssertionError("group " + group + " is not asked for: " + calls);
        }
        suspended.run();
    }

    @Override
    public @Nullable VolumeRecord letGo(List<String> group) {
        return attachment;
    }

    @Override
    public DiskState state(String controller) {
        return new DiskState(controller, true, new NoFront());
    }

    @Override
    public void resume(List<String> group, Absence absence) {
        calls.add("resume " + group.getFirst() + " " + absence);
    }

    @Override
    public void release(boolean served) {
        held = false;
        calls.add(served ? "release served" : "release");
    }

    @Override
    public void surrender() {
        calls.add("surrender");
    }
}
