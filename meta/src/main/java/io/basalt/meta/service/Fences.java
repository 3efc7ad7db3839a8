package io.basalt.meta.service;

import io.basalt.meta.state.MetaState;
import io.basalt.meta.state.NodeRecord;
import io.basalt.meta.state.SetRecord;
import io.basalt.placement.ClusterMap;
import io.basalt.placement.Device;
import io.basalt.wire.meta.GenerationBatch;
import io.basalt.wire.meta.NodeRole;
import io.basalt.wire.meta.PartRecord;
import io.basalt.wire.meta.VolumeRecord;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Who must know of a new attach generation before it is granted, and who does.
///
/// Every rise of a generation gets the next number of one row. A chunk server first gets all generations,
/// then the row from there on, in batches of whatever has gathered while the batch before was under way; so
/// a burst of attachments costs a few messages to each server, not one for each.
///
/// A generation is **granted** when both hold:
///
/// 1. every chunk server that is up has acknowledged it: it applies nothing older any more;
/// 2. every placement group of the volume's sets has a copy in sync on a server that is up. A server that is
/// down, or
///    cut off from here, may not have heard; but a write needs every copy in sync, and the one that has heard
///    refuses. Where no such copy is, the grant waits.
///
/// A server that comes back gets everything anew and is up only when it has acknowledged that.
final class Fences {
    private final Supplier<MetaState> state;
    private final Map<Integer, Receiver> receivers = new TreeMap<>();
    private final List<Grant> grants = new ArrayList<>();
    /// The newest rises, `row.get(0)` being number `rowStart`.
    private final List<Rise> row = new ArrayList<>();

    private final Map<Integer, Coverage> coverages = new HashMap<>();
    private long rowStart = 1;
    private long lastGranted;

    /// What carries batches to one chunk server.
    @FunctionalInterface
    interface Carrier {
        /// Send a batch.
        ///
        /// @param acknowledged runs when the server has acknowledged it
        void send(GenerationBatch batch, Runnable acknowledged);
    }

    private record Rise(long volumeId, int generation) {}

    private record Grant(long number, VolumeRecord volume, long deadlineNs, Waiter waiter) {}

    private record Coverage(ClusterMap map, long downNodes, boolean complete) {}

    /// Who waits for a grant.
    interface Waiter {
        /// Nothing older is written any more.
        void granted();

        /// The time was up.
        ///
        /// @param reason for people: who has not acknowledged
        void late(String reason);
    }

    private static final class Receiver {
        private final Carrier carrier;
        private final List<Rise> complete;
        private int completeSent;
        private boolean completeDone;
        private long next;
        private long acknowledged;
        private boolean busy;

        private Receiver(Carrier carrier, List<Rise> complete, long next) {
            this.carrier = carrier;
            this.complete = complete;
            this.next = next;
        }
    }

    Fences(Supplier<MetaState> state) {
        this.state = state;
    }

    /// A generation has risen.
    void raised(long volumeId, int generation) {
        if (receivers.isEmpty()) {
            rowStart++;
            return;
        }
        row.add(new Rise(volumeId, generation));
        receivers.values().forEach(this::pump);
    }

    /// A chunk server has subscribed: it gets everything, then what is new. Replaces its subscription before.
    void subscribe(int nodeId, Carrier carrier) {
        final List<Rise> complete = new ArrayList<>();
        for (final VolumeRecord volume : state.get().volumes()) {
            if (volume.generation() > 0) {
                complete.add(new Rise(volume.volumeId(), volume.generation()));
            }
        }
        final Receiver receiver = new Receiver(carrier, complete, rowEnd());
        receivers.put(nodeId, receiver);
        pump(receiver);
    }

    /// The connection of a chunk server was lost.
    ///
    /// @param carrier of the subscription that ends; another one is not touched
    @SuppressWarnings("ReferenceEquality") // a carrier is itself and no other
    void unsubscribe(int nodeId, Carrier carrier) {
        final Receiver receiver = receivers.get(nodeId);
        if (receiver != null && receiver.carrier == carrier) {
            receivers.remove(nodeId);
            trim();
        }
    }

    /// Whether a chunk server has acknowledged everything that was granted so far, also what was granted without
    /// asking it, because it was down.
    boolean caughtUp(int nodeId) {
        final Receiver receiver = receivers.get(nodeId);
        return receiver != null && receiver.completeDone && receiver.acknowledged >= lastGranted;
    }

    /// Wait until everything that has risen so far is granted.
    void await(VolumeRecord volume, long deadlineNs, Waiter waiter) {
        grants.add(new Grant(rowEnd() - 1, volume, deadlineNs, waiter));
        evaluate();
    }

    /// How many grants wait.
    int waiting() {
        return grants.size();
    }

    /// See who can be granted, after anything has changed that it depends on.
    void evaluate() {
        if (grants.isEmpty()) {
            return;
        }
        final long known = knownToAll();
        final List<Grant> ready = new ArrayList<>();
        grants.removeIf(grant -> {
            final boolean granted = grant.number <= known && covered(grant.volume);
            if (granted) {
                ready.add(grant);
                lastGranted = Math.max(lastGranted, grant.number);
            }
            return granted;
        });
        ready.forEach(grant -> grant.waiter.granted());
    }

    /// Let those go whose time is up.
    void expire(long nowNs) {
        final List<Grant> late = new ArrayList<>();
        grants.removeIf(grant -> {
            final boolean over = grant.deadlineNs <= nowNs;
            if (over) {
                late.add(grant);
            }
            return over;
        });
        late.forEach(grant -> grant.waiter.late(reason(grant)));
    }

    private long rowEnd() {
        return rowStart + row.size();
    }

    private void pump(Receiver receiver) {
        if (receiver.busy) {
            return;
        }
        final GenerationBatch batch;
        if (!receiver.completeDone) {
            batch = completeBatch(receiver);
        } else if (receiver.next < rowEnd()) {
            final int from = (int) (receiver.next - rowStart);
            final int count = Math.min(row.size() - from, GenerationBatch.COUNT_MAX);
            batch = batch(false, true, row.subList(from, from + count));
            receiver.next += count;
        } else {
            return;
        }
        receiver.busy = true;
        final long reached = receiver.next - 1;
        final boolean last = batch.last();
        receiver.carrier.send(batch, () -> acknowledged(receiver, reached, last));
    }

    private static GenerationBatch completeBatch(Receiver receiver) {
        final int from = receiver.completeSent;
        final int count = Math.min(receiver.complete.size() - from, GenerationBatch.COUNT_MAX);
        receiver.completeSent += count;
        return batch(
                from == 0,
                receiver.completeSent == receiver.complete.size(),
                receiver.complete.subList(from, from + count));
    }

    private static GenerationBatch batch(boolean first, boolean last, List<Rise> rises) {
        final long[] volumeIds = new long[rises.size()];
        final int[] generations = new int[rises.size()];
        for (int index = 0; index < volumeIds.length; index++) {
            volumeIds[index] = rises.get(index).volumeId;
            generations[index] = rises.get(index).generation;
        }
        return new GenerationBatch(first, last, volumeIds, generations);
    }

    private void acknowledged(Receiver receiver, long reached, boolean last) {
        receiver.busy = false;
        if (last) {
            receiver.completeDone = true;
            receiver.acknowledged = reached;
        }
        pump(receiver);
        trim();
        evaluate();
    }

    /// The last number that every chunk server which is up has acknowledged.
    private long knownToAll() {
        long known = rowEnd() - 1;
        for (final NodeRecord node : state.get().nodes()) {
            if (node.up() && node.role() == NodeRole.CHUNK) {
                final Receiver receiver = receivers.get(node.id());
                if (receiver == null || !receiver.completeDone) {
                    return -1;
                }
                known = Math.min(known, receiver.acknowledged);
            }
        }
        return known;
    }

    private boolean covered(VolumeRecord volume) {
        for (final PartRecord part : volume.parts()) {
            final SetRecord set = state.get().set(part.setId());
            if (set == null || !covered(set)) {
                return false;
            }
        }
        return true;
    }

    private boolean covered(SetRecord set) {
        final long downNodes = downNodes();
        final Coverage known = coverages.get(set.id());
        if (known != null && sameMap(known.map, set.map()) && known.downNodes == downNodes) {
            return known.complete;
        }
        final boolean complete = firstUncovered(set.map()) < 0;
        coverages.put(set.id(), new Coverage(set.map(), downNodes, complete));
        return complete;
    }

    @SuppressWarnings("ReferenceEquality") // maps are immutable; another object is another version
    private static boolean sameMap(ClusterMap a, ClusterMap b) {
        return a == b;
    }

    /// A number that differs when other chunk servers are down.
    private long downNodes() {
        long mixed = 0;
        for (final NodeRecord node : state.get().nodes()) {
            if (!node.up()) {
                mixed = mixed * 31 + node.id();
            }
        }
        return mixed;
    }

    private int firstUncovered(ClusterMap map) {
        for (int pg = 0; pg < map.pgCount(); pg++) {
            boolean covered = map.epoch(pg) == 0;
            for (int index = 0; index < map.pgTable().replicaCount(pg) && !covered; index++) {
                covered = map.inSync(pg, index) && up(map.device(map.replica(pg, index)));
            }
            if (!covered) {
                return pg;
            }
        }
        return -1;
    }

    private boolean up(@Nullable Device device) {
        final NodeRecord node = device == null ? null : state.get().node(device.nodeId());
        return node != null && node.up();
    }

    private String reason(Grant grant) {
        final List<String> missing = new ArrayList<>();
        for (final NodeRecord node : state.get().nodes()) {
            if (node.up() && node.role() == NodeRole.CHUNK) {
                final Receiver receiver = receivers.get(node.id());
                if (receiver == null || !receiver.completeDone || receiver.acknowledged < grant.number) {
                    missing.add(node.name());
                }
            }
        }
        return missing.isEmpty()
                ? "a placement group has no good copy on a chunk server that is up; bring one back"
                : "chunk servers have not acknowledged the fence: " + String.join(", ", missing);
    }

    /// Forgets what everybody has got.
    private void trim() {
        long least = rowEnd();
        for (final Receiver receiver : receivers.values()) {
            least = Math.min(least, receiver.next);
        }
        final int count = (int) (least - rowStart);
        if (count > 0) {
            row.subList(0, count).clear();
            rowStart = least;
        }
    }
}
