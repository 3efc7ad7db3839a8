package io.basalt.placement;

/// An order of the replicas that spreads the primaries evenly: every device leads as many placement groups as its
/// weight entitles it to, as nearly as the replica sets allow. Nothing moves by it.
///
/// The draw's own order leaves primaries as uneven as chance has it, and the primary serves all reads. The
/// metaserver applies this where it writes the [PgTable]; the draw and the exceptions stay as they are.
public final class PrimaryOrder {
    private static final int PASSES = 4;

    private PrimaryOrder() {}

    /// The mapping with one replica of each placement group moved to the front, the others in their old order. The
    /// same arguments give the same order.
    public static PgMapping even(ClusterMap map, PgMapping mapping) {
        final DeviceIndex devices = new DeviceIndex(map.devices());
        final LoadTargets targets = new LoadTargets(map, devices);
        final int copies = mapping.copies();
        final int[] first = new int[mapping.pgCount()];
        final int[] led = new int[devices.count()];
        for (int pass = 0; pass < PASSES; pass++) {
            for (int pg = 0; pg < first.length; pg++) {
                if (pass > 0 && mapping.replica(pg, 0) != PgTable.NO_DEVICE) {
                    led[devices.indexOf(mapping.replica(pg, first[pg]))]--;
                }
                double least = Double.MAX_VALUE;
                for (int place = 0; place < copies; place++) {
                    final int index = devices.indexOf(mapping.replica(pg, place));
                    if (index >= 0 && led[index] / targets.of(index) < least) {
                        least = led[index] / targets.of(index);
                        first[pg] = place;
                    }
                }
                if (least < Double.MAX_VALUE) {
                    led[devices.indexOf(mapping.replica(pg, first[pg]))]++;
                }
            }
        }
        return reordered(mapping, first);
    }

    private static PgMapping reordered(PgMapping mapping, int[] first) {
        final int copies = mapping.copies();
        final int[] replicas = new int[mapping.pgCount() * copies];
        for (int pg = 0; pg < mapping.pgCount(); pg++) {
            int next = pg * copies;
            replicas[next++] = mapping.replica(pg, first[pg]);
            for (int place = 0; place < copies; place++) {
                if (place != first[pg]) {
                    replicas[next++] = mapping.replica(pg, place);
                }
            }
        }
        return new PgMapping(copies, replicas);
    }
}
