package io.basalt.placement;

/// What [PlacementSimulation] is asked. [#DEFAULT] is the set that the project's goals are stated for: 1000 devices
/// in 50 racks.
///
/// @param rooms in the set
/// @param racksPerRoom in each room
/// @param hostsPerRack in each rack
/// @param devicesPerHost in each host
/// @param unequalWeights whether hosts have devices of 1, 2, 4 or 8 TiB, by lot, instead of 4 TiB
/// @param copiesPerDevice mean placement group copies on a device; sets the PG count, within
///     [RoutingRule#PG_COUNT_MAX]
/// @param copies of each placement group
/// @param failureDomain of the rule
/// @param addedShare weight added in the movement scenarios, as a share of what there is, above 0 to 1
/// @param limit for the [Balancer], from 1
/// @param durability assumptions of the durability model
/// @param seed for the lot
public record SimulationOptions(
        int rooms,
        int racksPerRoom,
        int hostsPerRack,
        int devicesPerHost,
        boolean unequalWeights,
        int copiesPerDevice,
        int copies,
        FailureDomain failureDomain,
        double addedShare,
        double limit,
        Durability.Assumptions durability,
        long seed) {
    /// 1000 devices of equal weight in 50 racks, three copies in different racks.
    public static final SimulationOptions DEFAULT = new SimulationOptions(
            1,
            50,
            5,
            4,
            false,
            100,
            3,
            FailureDomain.RACK,
            0.10,
            Balancer.LIMIT_DEFAULT,
            Durability.Assumptions.DEFAULT,
            1);

    public SimulationOptions {
        requirePositive("rooms", rooms);
        requirePositive("racks per room", racksPerRoom);
        requirePositive("hosts per rack", hostsPerRack);
        requirePositive("devices per host", devicesPerHost);
        requirePositive("copies per device", copiesPerDevice);
        requirePositive("copies", copies);
        // In floating point, because four large numbers overflow any other.
        final double devices = (double) rooms * racksPerRoom * hostsPerRack * devicesPerHost;
        if (devices > ClusterMapBuilder.DEVICES_MAX / 4) {
            throw new IllegalArgumentException("a simulation of " + Math.round(devices)
                    + " devices is over the limit of " + ClusterMapBuilder.DEVICES_MAX / 4 + "; make the set smaller");
        }
        if (!(addedShare > 0 && addedShare <= 1)) {
            throw new IllegalArgumentException("added share " + addedShare + " is not above 0 to 1; 0.1 is 10 %");
        }
        if (!(limit >= 1)) {
            throw new IllegalArgumentException("limit " + limit + " is below 1, the mean; 1.05 is the usual choice");
        }
    }

    /// These options with unequal or equal weights.
    public SimulationOptions withUnequalWeights(boolean unequal) {
        return new SimulationOptions(
                rooms,
                racksPerRoom,
                hostsPerRack,
                devicesPerHost,
                unequal,
                copiesPerDevice,
                copies,
                failureDomain,
                addedShare,
                limit,
                durability,
                seed);
    }

    /// These options with another shape of the set.
    public SimulationOptions withShape(int roomCount, int racks, int hosts, int devices) {
        return new SimulationOptions(
                roomCount,
                racks,
                hosts,
                devices,
                unequalWeights,
                copiesPerDevice,
                copies,
                failureDomain,
                addedShare,
                limit,
                durability,
                seed);
    }

    /// Devices of the set.
    public int devices() {
        return rooms * racksPerRoom * hostsPerRack * devicesPerHost;
    }

    /// Placement groups that the set has.
    public int pgCount() {
        final long wanted = (long) devices() * copiesPerDevice / copies;
        return (int) Math.clamp(wanted, 1L, RoutingRule.PG_COUNT_MAX);
    }

    private static void requirePositive(String field, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(field + " " + value + " is not positive");
        }
    }
}
