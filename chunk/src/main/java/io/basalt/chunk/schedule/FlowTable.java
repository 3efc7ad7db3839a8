package io.basalt.chunk.schedule;

import io.basalt.placement.Mix64;
import org.jspecify.annotations.Nullable;

/// Volumes' flows by number: open addressing, linear probing. One owner reactor.
final class FlowTable {
    private static final int CAPACITY_MIN = 64;

    private @Nullable Flow[] flows = new @Nullable Flow[CAPACITY_MIN];
    private int count;

    int count() {
        return count;
    }

    /// The flow of a volume, made if there is none.
    Flow of(long volumeId, long nowNs) {
        int place = placeOf(volumeId, flows);
        @Nullable Flow flow = flows[place];
        if (flow == null) {
            if (2 * (count + 1) > flows.length) {
                grow();
                place = placeOf(volumeId, flows);
            }
            flow = new Flow(volumeId, nowNs);
            flows[place] = flow;
            count++;
        }
        return flow;
    }

    /// Forget the flows that had no job since this was asked last, and about which nobody has said
    /// anything.
    void forgetIdle() {
        final @Nullable Flow[] before = flows;
        flows = new @Nullable Flow[before.length];
        count = 0;
        for (final Flow flow : before) {
            if (flow != null && flow.isRecent()) {
                flows[placeOf(flow.id, flows)] = flow;
                count++;
            }
        }
    }

    private void grow() {
        final @Nullable Flow[] before = flows;
        flows = new @Nullable Flow[2 * before.length];
        for (final Flow flow : before) {
            if (flow != null) {
                flows[placeOf(flow.id, flows)] = flow;
            }
        }
    }

    private static int placeOf(long volumeId, @Nullable Flow[] in) {
        final int mask = in.length - 1;
        int place = (int) Mix64.mix64(volumeId, 0) & mask;
        @Nullable Flow flow = in[place];
        while (flow != null && flow.id != volumeId) {
            place = place + 1 & mask;
            flow = in[place];
        }
        return place;
    }
}
