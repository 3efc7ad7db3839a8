package io.basalt.gate.trace;

import io.basalt.block.Stage;
import java.util.Locale;
import java.util.Map;

/// A request that took long, and what of it each stage has cost.
///
/// @param seenNs when it was found, on the gate's clock: at most a second after its end
/// @param volume name
/// @param offset first byte on the volume
/// @param length bytes
/// @param tookNs nanoseconds from taking it to answering it
/// @param costs nanoseconds by stage
/// @param set that the devices belong to; 0 if none is known
/// @param device that served it; 0 if it is not known
/// @param replica1 first of the other copies; 0 for none
/// @param replica2 second of the other copies; 0 for none
public record SlowRequest(
        long seenNs,
        String volume,
        boolean write,
        long offset,
        long length,
        long tookNs,
        Map<Stage, Long> costs,
        int set,
        int device,
        int replica1,
        int replica2) {
    private static final double NS_PER_MS = 1e6;

    public SlowRequest {
        costs = Map.copyOf(costs);
    }

    /// The device that had to do with a stage; 0 for none, or if it is not known.
    public int deviceOf(Stage stage) {
        return switch (stage) {
            case RING, QOS, GATE -> 0;
            case NETWORK, QUEUE, DEVICE -> device;
            case REPLICA_1 -> replica1;
            case REPLICA_2 -> replica2;
        };
    }

    /// For the log: `write of 4096 at 81920 of volume demo took 1203.1 ms: replica_2 (device 7) 1190.2, ...`.
    @Override
    public String toString() {
        final StringBuilder text = new StringBuilder();
        text.append(write ? "write of " : "read of ")
                .append(length)
                .append(" at ")
                .append(offset);
        text.append(" of volume ")
                .append(volume)
                .append(" took ")
                .append(ms(tookNs))
                .append(" ms");
        costs.entrySet().stream()
                .filter(each -> each.getValue() > 0)
                .sorted(Map.Entry.<Stage, Long>comparingByValue().reversed())
                .forEach(each -> append(text, each.getKey(), each.getValue()));
        return text.toString();
    }

    private void append(StringBuilder text, Stage stage, long ns) {
        text.append(", ").append(stage.name().toLowerCase(Locale.ROOT));
        if (deviceOf(stage) != 0) {
            text.append(" (device ").append(deviceOf(stage)).append(')');
        }
        text.append(' ').append(ms(ns));
    }

    private static String ms(long ns) {
        return String.format(Locale.ROOT, "%.1f", ns / NS_PER_MS);
    }
}
