package io.basalt.meta.rest;

import io.basalt.meta.service.MetaService;
import io.basalt.meta.state.Capacity;
import io.basalt.meta.state.NodeRecord;
import io.basalt.meta.state.SetRecord;
import io.basalt.placement.Device;
import io.basalt.placement.DeviceState;
import io.basalt.wire.meta.DeviceReport;
import java.util.ArrayList;
import java.util.List;

/// Something that an operator should know.
///
/// @param code stable, for programs
/// @param severity how bad
/// @param what is so
/// @param impact what follows from it
/// @param fix what to do
record HealthCheck(String code, Severity severity, String what, String impact, String fix) {
    private static final int NEAR_FULL_PERCENT = 85;

    /// How bad.
    enum Severity {
        /// To be looked at.
        WARN,
        /// Something does not work.
        ERR
    }

    /// `OK`, or the worst severity.
    static String worst(List<HealthCheck> checks) {
        if (checks.stream().anyMatch(check -> check.severity == Severity.ERR)) {
            return "ERR";
        }
        return checks.isEmpty() ? "OK" : "WARN";
    }

    /// Everything that is to be said of a cluster, in its service's reactor.
    static List<HealthCheck> of(MetaService service) {
        final List<HealthCheck> checks = new ArrayList<>();
        if (!service.leads()) {
            checks.add(new HealthCheck(
                    "META_STANDS",
                    Severity.ERR,
                    "the metaserver does not answer: " + service.standing(),
                    "volumes cannot be made, attached or changed; I/O goes on",
                    "correct what it says, then restart the metaserver"));
        }
        for (final NodeRecord node : service.state().nodes()) {
            if (!node.up()) {
                checks.add(new HealthCheck(
                        "NODE_DOWN",
                        Severity.WARN,
                        "node '" + node.name() + "' does not answer",
                        "its devices or volumes are served by nobody, or by other copies",
                        "look at host " + node.location().host() + " and its log; restart basalt there"));
            }
        }
        service.state().sets().forEach(set -> ofSet(service, set, checks));
        if (service.grantsWaiting() > 0) {
            checks.add(new HealthCheck(
                    "ATTACH_WAITS",
                    Severity.WARN,
                    service.grantsWaiting() + " attachments wait for chunk servers",
                    "those volumes cannot be used yet",
                    "bring the chunk servers back that are down"));
        }
        return checks;
    }

    private static void ofSet(MetaService service, SetRecord set, List<HealthCheck> checks) {
        final PgHealth health = PgHealth.of(service.state(), set);
        final int unavailable = health.count(PgHealth.UNAVAILABLE);
        final int waiting = health.count(PgHealth.WAITING);
        final int degraded = health.count(PgHealth.DEGRADED);
        if (!set.laidOut()) {
            checks.add(new HealthCheck(
                    "SET_NOT_LAID_OUT",
                    Severity.WARN,
                    "set '" + set.name() + "' has " + set.map().devices().size() + " devices, too few for "
                            + set.map().copies() + " copies",
                    "no volume can be made in it",
                    "start chunk servers on " + set.map().copies() + " hosts"));
        }
        if (unavailable > 0) {
            checks.add(new HealthCheck(
                    "PG_UNAVAILABLE",
                    Severity.ERR,
                    unavailable + " placement groups of set '" + set.name() + "' have no good copy that answers",
                    "I/O to their shards waits, and volumes cannot be attached",
                    "bring the chunk servers back that have them"));
        }
        if (waiting > 0) {
            checks.add(new HealthCheck(
                    "PG_WAITING",
                    Severity.ERR,
                    waiting + " placement groups of set '" + set.name() + "' have too few good copies that answer: a"
                            + " change needs " + set.minCopies(),
                    "writes to their shards wait; nothing fails, and nothing is lost",
                    "bring the chunk servers back that have them; see basalt repair ls"));
        }
        if (health.repairing() > 0) {
            checks.add(new HealthCheck(
                    "PG_REPAIRING",
                    Severity.WARN,
                    health.repairing() + " placement groups of set '" + set.name() + "' get copies that are missing",
                    "I/O goes on, a little slower",
                    "wait; see basalt repair ls"));
        }
        if (degraded > 0) {
            checks.add(new HealthCheck(
                    "PG_DEGRADED",
                    Severity.WARN,
                    degraded + " placement groups of set '" + set.name() + "' have fewer copies than they should",
                    "I/O goes on with the copies that are left; the next failure may make it wait",
                    "bring the missing devices back; those that stay away for long are replaced by themselves"));
        }
        for (final Device device : set.map().devices()) {
            ofDevice(service, set, device, checks);
        }
        final Capacity capacity = service.state().capacity(set);
        final long used = service.usedBytes(set);
        if (capacity.rawBytes() > 0 && used > capacity.rawBytes() / 100 * NEAR_FULL_PERCENT) {
            checks.add(new HealthCheck(
                    "SET_NEAR_FULL",
                    Severity.WARN,
                    "set '" + set.name() + "' is more than " + NEAR_FULL_PERCENT + " % full",
                    "when a device is full, writes to new shards on it fail",
                    "add devices, or delete what is not needed"));
        }
    }

    private static void ofDevice(MetaService service, SetRecord set, Device device, List<HealthCheck> checks) {
        final DeviceReport report = service.report(device.id());
        if (service.failed(device.id())) {
            checks.add(new HealthCheck(
                    "DEVICE_FAILED",
                    Severity.WARN,
                    "device " + device.id() + " of set '" + set.name() + "' on host "
                            + device.location().host() + " fails: it cannot be written to, and serves nothing",
                    "its placement groups have fewer copies",
                    "look at the drive and at the log of host "
                            + device.location().host()
                            + "; restart basalt there to try it again, or replace it: basalt device out "
                            + device.id()));
        } else if (report != null && report.errors() > 0) {
            checks.add(new HealthCheck(
                    "DEVICE_ERRORS",
                    Severity.WARN,
                    "device " + device.id() + " of set '" + set.name() + "' on host "
                            + device.location().host() + " has failed " + report.errors()
                            + (report.errors() == 1 ? " operation" : " operations")
                            + " since its chunk server began",
                    "what it lost was written again from other copies; more may follow",
                    "look at the drive on host " + device.location().host() + "; to move its data away: "
                            + "basalt device drain " + device.id()));
        }
        if (device.state() == DeviceState.DOWN_IN && !service.failed(device.id())) {
            checks.add(new HealthCheck(
                    "DEVICE_DOWN",
                    Severity.WARN,
                    "device " + device.id() + " of set '" + set.name() + "' at " + device.address()
                            + " does not answer",
                    "its placement groups have fewer copies",
                    "look at host " + device.location().host()));
        } else if (device.state() == DeviceState.FULL) {
            checks.add(new HealthCheck(
                    "DEVICE_FULL",
                    Severity.ERR,
                    "device " + device.id() + " of set '" + set.name() + "' is full",
                    "writes to new shards on it fail",
                    "add devices, or delete what is not needed"));
        }
    }
}
