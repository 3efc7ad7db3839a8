package io.basalt.gate.rpc.method;

import io.basalt.gate.config.ConfigEntry;
import io.basalt.gate.rpc.Json;
import io.basalt.gate.volume.VolumeSpec;
import tools.jackson.databind.node.ObjectNode;

/// The calls that make volumes again, and what bdev_get_bdevs tells of their making.
final class VolumeCalls {
    private VolumeCalls() {}

    /// The call that makes a volume.
    static ConfigEntry entry(VolumeSpec spec) {
        final ObjectNode parameters = Json.object();
        switch (spec) {
            case VolumeSpec.Null wanted -> {
                named(parameters, spec);
                sized(parameters, wanted.blockSize(), wanted.blockCount());
            }
            case VolumeSpec.Malloc wanted -> {
                named(parameters, spec);
                sized(parameters, wanted.blockSize(), wanted.blockCount());
            }
            case VolumeSpec.File wanted -> {
                named(parameters, spec);
                parameters.put("filename", wanted.filename());
                if (wanted.blockSize() != 0) {
                    parameters.put("block_size", wanted.blockSize());
                }
                if (wanted.readOnly()) {
                    parameters.put("readonly", true);
                }
            }
            case VolumeSpec.Basalt wanted -> {
                named(parameters, spec);
                parameters.put("volume", wanted.volume());
                if (wanted.ioTimeoutMs() != 0) {
                    parameters.put("io_timeout_ms", wanted.ioTimeoutMs());
                }
                if (wanted.incoming()) {
                    parameters.put("incoming", true);
                }
                sized(parameters, wanted.blockSize(), wanted.blockCount());
            }
            case VolumeSpec.Failing wanted ->
                parameters
                        .put("base_name", wanted.base())
                        .put("uuid", wanted.uuid().toString());
            case VolumeSpec.Delay wanted -> {
                named(parameters, spec);
                parameters.put("base_bdev_name", wanted.base());
                latencies(parameters, wanted);
            }
        }
        return new ConfigEntry(LiveConfiguration.BDEV, "bdev_" + spec.kind().word() + "_create", parameters);
    }

    /// SPDK's `driver_specific`.
    static ObjectNode driverSpecific(VolumeSpec spec) {
        final ObjectNode specific = Json.object();
        switch (spec) {
            case VolumeSpec.Null _ -> {}
            case VolumeSpec.Malloc _ -> {}
            case VolumeSpec.File wanted -> {
                final ObjectNode file = specific.putObject(spec.kind().word());
                file.put("filename", wanted.filename());
                file.put("readonly", wanted.readOnly());
                if (spec.kind() == VolumeSpec.Kind.AIO) {
                    file.put("block_size_override", wanted.blockSize() != 0);
                }
            }
            case VolumeSpec.Basalt _ -> {}
            case VolumeSpec.Failing wanted ->
                specific.putObject("error").put("name", spec.name()).put("base_bdev", wanted.base());
            case VolumeSpec.Delay wanted -> {
                final ObjectNode delay = specific.putObject("delay");
                delay.put("name", spec.name()).put("base_bdev_name", wanted.base());
                latencies(delay, wanted);
            }
        }
        return specific;
    }

    private static void named(ObjectNode parameters, VolumeSpec spec) {
        parameters.put("name", spec.name()).put("uuid", spec.uuid().toString());
    }

    private static void sized(ObjectNode parameters, int blockSize, long blockCount) {
        parameters.put("num_blocks", blockCount).put("block_size", blockSize);
    }

    private static void latencies(ObjectNode target, VolumeSpec.Delay wanted) {
        target.put("avg_read_latency", wanted.averageReadUs())
                .put("p99_read_latency", wanted.p99ReadUs())
                .put("avg_write_latency", wanted.averageWriteUs())
                .put("p99_write_latency", wanted.p99WriteUs());
    }
}
