package io.basalt.placement;

import io.basalt.placement.PlacementResult.Draws;
import io.basalt.placement.PlacementResult.Placed;
import io.basalt.placement.PlacementResult.Reason;
import io.basalt.placement.PlacementResult.Unplaceable;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The mapping method of the routing rule: placement group to ordered replicas, a pure function of one map.
///
/// Every device draws one straw for the placement group ([Straw2]). The devices are asked in the order of
/// their straws; attempt k asks the k-th shortest. Ties go to the lower id. The **collision rules** say, in
/// this order, when a draw does not count and the next one is made:
///
/// 1. the failure domain of the device has a copy already;
/// 2. the device is out or draining ([DeviceState#in]);
/// 3. the device is full, unless the [PgTable] says that the placement group has a copy there: a full device keeps
///    what it has, and takes nothing new.
///
/// The number of devices bounds the attempts: each is asked once. So the failure domain holds whenever it
/// can. If it cannot, it is narrowed by one level and those refused by rule 1 are asked again, as often as
/// the rule relaxes; then the placement fails with a reason.
///
/// An exception comes first: those of its devices that are in the map and *in* have their places, in its order,
/// without regard to domains; only what is left is drawn.
///
/// One thread (it keeps scratch space); cheap to make for a map. A mapping costs some nanoseconds for each
/// device and allocates: it is for the control plane. I/O follows the [PgTable].
public final class Placement {
    private final ClusterMap map;
    private final int copies;
    private final DeviceIndex devices;
    private final int[] ids;
    private final long[] deviceKeys;
    private final long[] inverses;

    // The placement under way.
    private final long[] straws;
    private final boolean[] domainRefused;
    private final int[] chosen;
    private int chosenCount;
    private int attempts;
    private int domainUsed;
    private int out;
    private int full;

    private Placement(ClusterMap map) {
        this.map = map;
        this.copies = map.copies();
        this.devices = new DeviceIndex(map.devices());
        final int count = devices.count();
        this.ids = new int[count];
        this.deviceKeys = new long[count];
        this.inverses = new long[count];
        this.straws = new long[count];
        this.domainRefused = new boolean[count];
        this.chosen = new int[copies];
        for (int index = 0; index < count; index++) {
            final Device device = devices.device(index);
            ids[index] = device.id();
            deviceKeys[index] = Straw2.deviceKey(device.id());
            inverses[index] = Straw2.inverse(device.weight());
        }
    }

    /// The mapping of a map.
    public static Placement of(ClusterMap map) {
        return new Placement(map);
    }

    /// Where the copies of a placement group belong.
    ///
    /// @param pg 0 to `pgCount - 1`
    public PlacementResult place(int pg) {
        return place(pg, map.exceptions().entry(pg));
    }

    /// Where the copies of a placement group would belong without its exception.
    public PlacementResult draw(int pg) {
        return place(pg, null);
    }

    /// Where the copies of a placement group belong if some stay where they are: only what is missing is drawn, and
    /// failure domains that have one of those are avoided.
    ///
    /// @param staying devices that keep their copies, in order; those that are not *in* are passed over
    public PlacementResult complete(int pg, ReplicaSet staying) {
        return place(pg, staying.size() == 0 ? null : new ExceptionEntry(pg, staying, ExceptionEntry.Reason.TEMPORARY));
    }

    /// Where all copies of all placement groups belong.
    public PgMapping placeAll() {
        final int[] replicas = new int[map.pgCount() * copies];
        for (int pg = 0; pg < map.pgCount(); pg++) {
            choose(pg, map.exceptions().entry(pg));
            for (int index = 0; index < chosenCount; index++) {
                replicas[pg * copies + index] = ids[chosen[index]];
            }
        }
        return new PgMapping(copies, replicas);
    }

    private PlacementResult place(int pg, @Nullable ExceptionEntry exception) {
        if (pg < 0 || pg >= map.pgCount()) {
            throw new IllegalArgumentException("pg " + pg + " is not in 0 to " + (map.pgCount() - 1));
        }
        final FailureDomain domain = choose(pg, exception);
        final int[] found = new int[chosenCount];
        for (int index = 0; index < chosenCount; index++) {
            found[index] = ids[chosen[index]];
        }
        final ReplicaSet replicas = ReplicaSet.of(found);
        final Draws draws = new Draws(attempts, domainUsed, out, full);
        if (chosenCount == copies) {
            return new Placed(replicas, domain, draws);
        }
        final Reason reason = reason();
        return new Unplaceable(replicas, reason, message(pg, reason, domain), draws);
    }

    /// Fills the chosen devices as far as they can be; the domain that the rule was relaxed to.
    private FailureDomain choose(int pg, @Nullable ExceptionEntry exception) {
        begin(pg, exception);
        FailureDomain domain = map.rule().failureDomain();
        fill(pg, domain);
        for (int relaxed = 0;
                chosenCount < copies && relaxed < map.rule().relaxations() && domain.relaxes();
                relaxed++) {
            domain = domain.narrower();
            restoreDomainRefused(pg);
            fill(pg, domain);
        }
        return domain;
    }

    private void begin(int pg, @Nullable ExceptionEntry exception) {
        final long pgKey = Straw2.pgKey(pg);
        for (int index = 0; index < straws.length; index++) {
            straws[index] = Straw2.straw(pgKey, deviceKeys[index], inverses[index]);
        }
        Arrays.fill(domainRefused, false);
        chosenCount = 0;
        attempts = 0;
        domainUsed = 0;
        out = 0;
        full = 0;
        if (exception == null) {
            return;
        }
        for (int place = 0; place < exception.replicas().size(); place++) {
            final int index = devices.indexOf(exception.replicas().device(place));
            if (index >= 0 && devices.device(index).state().in()) {
                take(index);
            }
        }
    }

    /// Asks the devices in the order of their straws until there are enough, or none is left.
    private void fill(int pg, FailureDomain domain) {
        while (chosenCount < copies) {
            final int index = shortest();
            if (index < 0) {
                return;
            }
            attempts++;
            if (domainHasCopy(index, domain)) {
                domainUsed++;
                domainRefused[index] = true;
                straws[index] = Straw2.NONE;
            } else if (!devices.device(index).state().in()) {
                out++;
                straws[index] = Straw2.NONE;
            } else if (devices.device(index).state() == DeviceState.FULL
                    && map.pgTable().indexOf(pg, ids[index]) < 0) {
                full++;
                straws[index] = Straw2.NONE;
            } else {
                take(index);
            }
        }
    }

    private void take(int index) {
        chosen[chosenCount++] = index;
        straws[index] = Straw2.NONE;
    }

    private int shortest() {
        long least = Straw2.NONE;
        int best = -1;
        for (int index = 0; index < straws.length; index++) {
            if (straws[index] < least) {
                least = straws[index];
                best = index;
            }
        }
        return best;
    }

    private boolean domainHasCopy(int index, FailureDomain domain) {
        final int[] numbers = devices.domainNumbers(domain);
        for (int place = 0; place < chosenCount; place++) {
            if (numbers[chosen[place]] == numbers[index]) {
                return true;
            }
        }
        return false;
    }

    private void restoreDomainRefused(int pg) {
        final long pgKey = Straw2.pgKey(pg);
        for (int index = 0; index < straws.length; index++) {
            if (domainRefused[index]) {
                domainRefused[index] = false;
                straws[index] = Straw2.straw(pgKey, deviceKeys[index], inverses[index]);
            }
        }
    }

    private Reason reason() {
        if (devices.count() == 0) {
            return Reason.NO_DEVICE;
        }
        for (final boolean refused : domainRefused) {
            if (refused) {
                return Reason.DOMAINS_EXHAUSTED;
            }
        }
        if (full > 0) {
            return Reason.DEVICES_FULL;
        }
        return out > 0 ? Reason.DEVICES_OUT : Reason.DEVICES_EXHAUSTED;
    }

    private String message(int pg, Reason reason, FailureDomain domain) {
        final String found = "pg " + pg + ": place for " + chosenCount + " of " + copies + " copies, ";
        return found
                + switch (reason) {
                    case NO_DEVICE -> "because the map has no device; add chunk servers";
                    case DOMAINS_EXHAUSTED ->
                        "each further device is in a " + domain + " that has a copy, or is out or full; add a " + domain
                                + " or choose a narrower failure domain";
                    case DEVICES_FULL -> "the further devices are full or out; add devices or free space";
                    case DEVICES_OUT -> "the further devices are out; put them in again or add devices";
                    case DEVICES_EXHAUSTED -> "one on each device; add devices or choose fewer copies";
                };
    }
}
