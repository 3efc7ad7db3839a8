package io.basalt.cli.check;

import io.basalt.block.Volume;
import io.basalt.cli.check.CheckedDevice.Shard;
import io.basalt.cli.check.CopyPlan.Replica;
import io.basalt.cli.check.Difference.Kind;
import io.basalt.cli.output.Progress;
import io.basalt.reactor.Reactor;
import io.basalt.store.chunk.ShardReader;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/// A walk over devices that nobody has open, shard by shard in one order: every copy of a shard is read at the same
/// time, checked by itself, and compared with the others. Lives in one reactor.
final class CopyCheck {
    private static final int BLOCK_BYTES = 4096;

    private final List<CheckedDevice> devices;
    private final CopyPlan plan;
    private final int wantedCopies;
    private final Progress progress;
    private final CompletableFuture<CheckReport> result;
    private final Differences differences = new Differences();
    private final ShardComparison comparison;
    private final TreeMap<Integer, Long> shardsByCopies = new TreeMap<>();
    private final TreeSet<Integer> unseen = new TreeSet<>();
    private final List<CheckedDevice> holders = new ArrayList<>();
    private Shard current = new Shard(0, 0);
    private int pending;
    private long shards;
    private long bytesRead;
    private long tombstones;
    private long orphans;
    private long behind;
    private long strays;
    private long totalBytes;

    /// @param wantedCopies copies that each shard should have on these devices, if the plan does not say; 0 for
    ///     whatever is there
    /// @param result completed in the reactor
    CopyCheck(
            List<CheckedDevice> devices,
            CopyPlan plan,
            int wantedCopies,
            Progress progress,
            CompletableFuture<CheckReport> result) {
        this.devices = devices;
        this.plan = plan;
        this.wantedCopies = wantedCopies;
        this.progress = progress;
        this.result = result;
        comparison = new ShardComparison(plan, differences);
    }

    /// Begin, in the reactor.
    ///
    /// @param volumes in the order of the devices
    void begin(List<Volume> volumes, Reactor reactor) {
        pending = devices.size();
        for (int i = 0; i < devices.size(); i++) {
            final CheckedDevice device = devices.get(i);
            device.reader(ShardReader.open(volumes.get(i), reactor, new Listening(device)));
        }
    }

    private final class Listening implements ShardReader.Listener {
        private final CheckedDevice device;
        private boolean opened;

        Listening(CheckedDevice device) {
            this.device = device;
        }

        @Override
        public void opened() {
            opened = true;
            device.opened(plan);
            totalBytes += device.reader().mappedBytes();
            for (final String finding : device.reader().findings()) {
                device.countWrong();
                differences.add(
                        Difference.general(Kind.DEVICE, List.of(device.name()), device.path() + ": " + finding));
            }
            arrived();
        }

        @Override
        public void shardRead() {
            arrived();
        }

        @Override
        public void failed(String reason) {
            device.fail();
            device.countWrong();
            differences.add(Difference.general(Kind.DEVICE, List.of(device.name()), device.path() + ": " + reason));
            holders.remove(device);
            if (!opened || pending > 0) {
                arrived();
            }
        }
    }

    private void arrived() {
        pending--;
        if (pending > 0) {
            return;
        }
        if (holders.isEmpty()) {
            progress.begin("comparing", totalBytes);
        } else {
            judge();
        }
        next();
    }

    private void next() {
        holders.clear();
        Shard least = null;
        for (final CheckedDevice device : devices) {
            final Shard shard = device.peek();
            if (shard != null && (least == null || shard.compareTo(least) < 0)) {
                least = shard;
            }
        }
        if (least == null) {
            end();
            return;
        }
        current = least;
        for (final CheckedDevice device : devices) {
            if (least.equals(device.peek())) {
                device.take();
                holders.add(device);
            }
        }
        pending = holders.size();
        List.copyOf(holders).forEach(device -> device.reader().read(current.partId(), current.index()));
    }

    private void judge() {
        shards++;
        comparison.begin(current);
        for (final CheckedDevice device : holders) {
            bytesRead += (long) device.countBlocks() * BLOCK_BYTES;
            comparison.alone(device);
        }
        progress.at(bytesRead);
        if (plan.isKnown() && plan.part(current.partId()) == null && anyPlaced()) {
            orphans++;
            return;
        }
        final List<Replica> wanted = plan.replicas(current.partId(), current.index());
        final List<CheckedDevice> counted = wanted == null ? List.copyOf(holders) : inSync(wanted);
        if (counted.stream().anyMatch(CheckedDevice::hasContent)) {
            shardsByCopies.merge(counted.size(), 1L, Long::sum);
            final boolean isZero = counted.stream().allMatch(CheckedDevice::isZero);
            if (wanted != null) {
                final List<CheckedDevice> missing = missing(wanted);
                comparison.missing(isZero ? List.of() : missing);
            } else if (counted.size() < wantedCopies && !isZero) {
                comparison.tooFew(counted, wantedCopies);
            }
        } else if (!counted.isEmpty()) {
            tombstones++;
        }
        comparison.together(counted);
    }

    private boolean anyPlaced() {
        return holders.stream().anyMatch(device -> device.place() != null);
    }

    /// The copies that must be the same: those that are in sync, and those on devices that the plan does not know.
    private List<CheckedDevice> inSync(List<Replica> wanted) {
        final List<CheckedDevice> counted = new ArrayList<>();
        for (final CheckedDevice device : holders) {
            final Replica replica = wanted.stream()
                    .filter(each -> device.is(each.deviceId()))
                    .findFirst()
                    .orElse(null);
            if (device.place() == null || (replica != null && replica.inSync())) {
                counted.add(device);
            } else if (replica == null) {
                strays++;
            } else {
                behind++;
            }
        }
        return counted;
    }

    private List<CheckedDevice> missing(List<Replica> wanted) {
        final List<CheckedDevice> missing = new ArrayList<>();
        for (final Replica replica : wanted) {
            final CheckedDevice device = device(replica.deviceId());
            if (device == null) {
                unseen.add(replica.deviceId());
            } else if (replica.inSync() && !device.failed() && !holders.contains(device)) {
                missing.add(device);
            }
        }
        return missing;
    }

    private @Nullable CheckedDevice device(int deviceId) {
        return devices.stream()
                .filter(device -> device.is(deviceId))
                .findFirst()
                .orElse(null);
    }

    private void end() {
        for (final String crowd : plan.crowded()) {
            differences.add(Difference.general(Kind.SAME_HOST, List.of(), crowd));
        }
        final CheckReport report = new CheckReport(
                plan,
                devices.stream().map(CheckReport.OfDevice::of).toList(),
                differences.kept(),
                differences.count(),
                shards,
                comparison.identicalBlocks(),
                bytesRead,
                shardsByCopies,
                List.copyOf(unseen),
                tombstones,
                orphans,
                behind,
                strays);
        devices.forEach(device -> device.reader().close());
        result.complete(report);
    }
}
