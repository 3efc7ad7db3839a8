package io.basalt.gate.rpc.method;

import java.nio.file.Path;

/// What the methods tell of the process, and where they put sockets.
///
/// @param version the product's, such as `1.2.3` or `1.2.3-SNAPSHOT`
/// @param commit the source's, or empty
/// @param processId the kernel's number of this process
/// @param socketDirectory absolute path of the directory of controllers' sockets that are given by name only
public record GateSettings(String version, String commit, long processId, Path socketDirectory) {
    public GateSettings {
        if (!socketDirectory.isAbsolute()) {
            throw new IllegalArgumentException("socket directory must be absolute, is " + socketDirectory);
        }
    }
}
