package io.basalt.simulation;

import io.basalt.block.BlockStatus;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A virtqueue as both sides see it: what the guest has asked, in order; which of that was taken and not
/// answered (the inflight region); and nothing of what a gate's process knows by itself. Lies in the memory
/// of the virtual machine, so it outlives every gate.
///
/// ```
///  post ──▶ available ──take──▶ taken ──answer──▶ answered
///               │                 └─ taken again by the next process, if this one dies
///               └──────────────────── both, if the driver resets the ring
/// ```
final class Ring {
    private final String name;
    private final List<GuestRequest> available = new ArrayList<>();
    private final BitSet everTaken = new BitSet();
    private final Set<GuestRequest> taken = new LinkedHashSet<>();

    private @Nullable RingServer server;

    Ring(String name) {
        this.name = name;
    }

    // The guest.

    /// Ask for something, and kick who serves the ring.
    void post(GuestRequest request) {
        available.add(request);
        if (server != null) {
            server.kicked();
        }
    }

    /// Ask for everything anew that has no answer: no record tells what a gate that died had taken.
    void reset() {
        requireFree("the driver resets");
        final List<GuestRequest> again = new ArrayList<>(taken);
        again.addAll(available.subList(everTaken.cardinality(), available.size()));
        taken.clear();
        available.clear();
        everTaken.clear();
        available.addAll(again);
    }

    // A gate.

    /// Whether nobody runs the ring.
    boolean isFree() {
        return server == null || server.isOver();
    }

    /// A process runs the ring from now on.
    void run(RingServer by) {
        requireFree(by + " runs");
        server = by;
    }

    private void requireFree(String who) {
        if (!isFree()) {
            throw new SimulationFailure("H2: " + who + " " + name + ", and " + server + " still runs it");
        }
    }

    /// The request at a place; null if nothing is there yet.
    @Nullable
    GuestRequest take(RingServer by, int index) {
        requireServer(by, "takes from");
        if (index >= available.size()) {
            return null;
        }
        if (everTaken.get(index)) {
            throw new SimulationFailure("H1: " + by + " takes request " + index + " of " + name + " once more");
        }
        everTaken.set(index);
        final GuestRequest request = available.get(index);
        taken.add(request);
        return request;
    }

    /// What was taken and not answered, in the order in which it was taken.
    List<GuestRequest> inflight() {
        return List.copyOf(taken);
    }

    /// Where the ring goes on, as its memory tells it.
    int next() {
        return everTaken.cardinality();
    }

    /// A request is done.
    void answer(RingServer by, GuestRequest request, BlockStatus status) {
        requireServer(by, "answers on");
        if (!taken.remove(request)) {
            throw new SimulationFailure("H1: " + by + " answers a request of " + name + " twice");
        }
        request.completed(status);
    }

    private void requireServer(RingServer by, String what) {
        if (!by.equals(server) || by.isOver()) {
            throw new SimulationFailure("H2: " + by + " " + what + " " + name + ", which it does not run");
        }
    }

    /// How it stands, for people.
    String describe() {
        return name + ": " + available.size() + " asked, " + everTaken.cardinality() + " taken, " + taken.size()
                + " under way, " + (isFree() ? "nobody serves it" : "served by " + server);
    }
}
