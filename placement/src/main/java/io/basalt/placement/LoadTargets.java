package io.basalt.placement;

/// The copies that each device of a map should hold: its share by weight of all copies, as far as failure
/// domains let it. A domain holds at most one copy of each placement group, so what a domain's weight asks
/// for beyond that goes to the others, in proportion to their weights.
///
/// Devices that are not *in* should hold none. The figures steer and measure; they decide no placement by
/// themselves.
final class LoadTargets {
    private final DeviceIndex devices;
    private final int[] domains;
    private final double[] domainWeights;
    private final double[] domainShares;

    LoadTargets(ClusterMap map, DeviceIndex devices) {
        this.devices = devices;
        this.domains = devices.domainNumbers(map.rule().failureDomain());
        int domainCount = 0;
        for (final int domain : domains) {
            domainCount = Math.max(domainCount, domain + 1);
        }
        this.domainWeights = new double[domainCount];
        this.domainShares = new double[domainCount];
        for (int index = 0; index < devices.count(); index++) {
            domainWeights[domains[index]] += weight(index);
        }
        spread((double) map.pgCount() * map.copies(), map.pgCount());
    }

    /// Copies that a device should hold; a fraction.
    double of(int deviceIndex) {
        final int domain = domains[deviceIndex];
        return domainWeights[domain] == 0 ? 0 : domainShares[domain] * weight(deviceIndex) / domainWeights[domain];
    }

    private double weight(int deviceIndex) {
        final Device device = devices.device(deviceIndex);
        return device.state().in() ? device.weight() : 0;
    }

    /// Shares the copies out; each round finds the domains that would get more than they can hold.
    private void spread(double copies, double holdMax) {
        final boolean[] filled = new boolean[domainWeights.length];
        double left = copies;
        boolean again = true;
        while (again) {
            again = false;
            double weights = 0;
            for (int domain = 0; domain < filled.length; domain++) {
                weights += filled[domain] ? 0 : domainWeights[domain];
            }
            final double each = weights == 0 ? 0 : left / weights;
            for (int domain = 0; domain < filled.length; domain++) {
                if (filled[domain] || domainWeights[domain] == 0) {
                    continue;
                }
                domainShares[domain] = Math.min(holdMax, each * domainWeights[domain]);
                if (each * domainWeights[domain] > holdMax) {
                    filled[domain] = true;
                    left -= holdMax;
                    again = true;
                }
            }
        }
    }
}
