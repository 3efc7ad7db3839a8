package io.basalt.placement;

/// How evenly copies are spread over the devices of a map, each against what its weight entitles it to. The
/// mean is 1.
///
/// @param devices that copies may belong on
/// @param copies placed
/// @param missing copies that could not be placed
/// @param maxOverMean load of the fullest device
/// @param minOverMean load of the emptiest device
/// @param deviation standard deviation of the loads
/// @param primaryMaxOverMean like `maxOverMean`, counting first replicas only
public record Balance(
        int devices,
        int copies,
        int missing,
        double maxOverMean,
        double minOverMean,
        double deviation,
        double primaryMaxOverMean) {
    /// The balance of a mapping that was computed from the map, or from another version of it.
    public static Balance of(ClusterMap map, PgMapping mapping) {
        final DeviceIndex devices = new DeviceIndex(map.devices());
        final LoadTargets targets = new LoadTargets(map, devices);
        final int[] loads = new int[devices.count()];
        final int[] primaries = new int[devices.count()];
        for (int pg = 0; pg < mapping.pgCount(); pg++) {
            for (int place = 0; place < mapping.copies(); place++) {
                final int index = devices.indexOf(mapping.replica(pg, place));
                if (index >= 0) {
                    loads[index]++;
                    primaries[index] += place == 0 ? 1 : 0;
                }
            }
        }
        return of(targets, loads, primaries, mapping);
    }

    private static Balance of(LoadTargets targets, int[] loads, int[] primaries, PgMapping mapping) {
        int devices = 0;
        double max = 0;
        double min = Double.MAX_VALUE;
        double squares = 0;
        double primaryMax = 0;
        for (int index = 0; index < loads.length; index++) {
            final double target = targets.of(index);
            if (target > 0) {
                final double load = loads[index] / target;
                devices++;
                max = Math.max(max, load);
                min = Math.min(min, load);
                squares += (load - 1) * (load - 1);
                primaryMax = Math.max(primaryMax, primaries[index] * (double) mapping.copies() / target);
            }
        }
        final int missing = mapping.missing();
        return new Balance(
                devices,
                mapping.pgCount() * mapping.copies() - missing,
                missing,
                max,
                devices == 0 ? 0 : min,
                devices == 0 ? 0 : Math.sqrt(squares / devices),
                primaryMax);
    }
}
