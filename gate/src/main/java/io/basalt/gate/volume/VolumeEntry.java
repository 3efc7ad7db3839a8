package io.basalt.gate.volume;

import io.basalt.block.Volume;
import io.basalt.gate.qos.LimitedVolume;
import io.basalt.gate.qos.QosPolicy;
import io.basalt.gate.trace.SlowLog;
import io.basalt.gate.trace.VolumeTraces;
import io.basalt.reactor.NanoClock;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/// One volume of a [VolumeRegistry]: the open volume, what it was made from, who uses it, and how much.
public final class VolumeEntry {
    private final Volume volume;
    private final LimitedVolume limited;
    private final VolumeTraces traces;
    private final List<VolumeClaim> claims = new ArrayList<>();
    private final List<Counted> sources = new ArrayList<>();
    private VolumeSpec spec;
    private QosPolicy policy = QosPolicy.NONE;
    private IoStatistics retired = IoStatistics.NONE;

    VolumeEntry(VolumeSpec spec, Volume volume, NanoClock clock, SlowLog slow) {
        this.spec = spec;
        this.volume = volume;
        traces = new VolumeTraces(spec.name(), slow);
        limited = new LimitedVolume(volume, clock);
    }

    /// A source, and what it had counted at the last reset.
    private static final class Counted {
        final StatisticsSource source;
        IoStatistics baseline = IoStatistics.NONE;

        Counted(StatisticsSource source) {
            this.source = source;
        }

        IoStatistics statistics() {
            return source.statistics().since(baseline);
        }
    }

    /// I/O through one channel.
    ///
    /// @param channel who counts
    /// @param reactor where it lives
    public record Channel(String channel, int reactor, IoStatistics statistics) {}

    /// The name operators know it by.
    public String name() {
        return spec.name();
    }

    /// Its second name.
    public UUID uuid() {
        return spec.uuid();
    }

    /// What it was made from, with the size it has now.
    public VolumeSpec spec() {
        return spec;
    }

    /// The volume itself.
    public Volume volume() {
        return volume;
    }

    /// The volume within its limits: what its users get.
    public LimitedVolume limited() {
        return limited;
    }

    /// Where the time of its requests goes.
    public VolumeTraces traces() {
        return traces;
    }

    /// Where its limits come from; see [VolumeRegistry#limit].
    public QosPolicy policy() {
        return policy;
    }

    /// Who uses it, in words.
    public List<String> holders() {
        return claims.stream().map(VolumeClaim::holder).toList();
    }

    /// Count what the source counts as the volume's.
    public void addStatistics(StatisticsSource source) {
        sources.add(new Counted(source));
    }

    /// Read the source a last time and forget it; what it counted stays the volume's.
    public void removeStatistics(StatisticsSource source) {
        for (final Counted counted : sources) {
            if (counted.source.equals(source)) {
                retired = retired.plus(counted.statistics());
                sources.remove(counted);
                return;
            }
        }
    }

    /// What was done to the volume since it was made or reset.
    public IoStatistics statistics() {
        IoStatistics sum = retired;
        for (final Counted counted : sources) {
            sum = sum.plus(counted.statistics());
        }
        return sum;
    }

    /// The same per channel that is open now.
    public List<Channel> channels() {
        return sources.stream()
                .map(counted -> new Channel(counted.source.channel(), counted.source.reactor(), counted.statistics()))
                .toList();
    }

    /// Begin to count anew.
    public void resetStatistics() {
        retired = IoStatistics.NONE;
        for (final Counted counted : sources) {
            counted.baseline = counted.source.statistics();
        }
        resetExtremes();
    }

    /// Begin to count failures anew, and nothing else.
    public void resetErrors() {
        retired = retired.withErrors(0);
        for (final Counted counted : sources) {
            counted.baseline =
                    counted.baseline.withErrors(counted.source.statistics().errors());
        }
    }

    /// Begin new longest times, where the sources can.
    public void resetExtremes() {
        for (final Counted counted : sources) {
            counted.source.resetExtremes();
        }
    }

    List<VolumeClaim> claims() {
        return claims;
    }

    void policy(QosPolicy changed) {
        policy = changed;
    }

    void spec(VolumeSpec changed) {
        spec = changed;
    }

    void release(VolumeClaim claim) {
        claims.remove(claim);
    }
}
