package io.basalt.gate.controller;

import io.basalt.gate.cluster.RingListener;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// What the volumes of a host's targets hear of its rings: the same as that of a disk, whenever they came. Control
/// reactor.
final class TargetRings implements RingListener {
    private final List<RingListener> targets = new ArrayList<>();
    private final Set<Object> running = new LinkedHashSet<>();

    /// A volume is a target's from now on.
    void add(RingListener target) {
        targets.add(target);
        running.forEach(target::ringsStart);
    }

    /// A volume is a target's no more, and has nothing in flight.
    void remove(RingListener target) {
        targets.remove(target);
        running.forEach(session -> {
            target.ringsStopped(session, false);
            target.sessionEnded(session);
        });
    }

    @Override
    public void ringsStart(Object session) {
        running.add(session);
        List.copyOf(targets).forEach(target -> target.ringsStart(session));
    }

    @Override
    public void ringsStopped(Object session, boolean moving) {
        running.remove(session);
        List.copyOf(targets).forEach(target -> target.ringsStopped(session, moving));
    }

    @Override
    public void sessionEnds(Object session, Runnable abandon) {
        List.copyOf(targets).forEach(target -> target.sessionEnds(session, abandon));
    }

    @Override
    public void sessionEnded(Object session) {
        List.copyOf(targets).forEach(target -> target.sessionEnded(session));
    }
}
