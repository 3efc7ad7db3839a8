package io.basalt.gate.rpc;

import io.basalt.net.NodeAddress;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// What an NBD export is asked to be: equal specs are the same request. Several exports may share a
/// socket or an address; clients then choose by name.
///
/// @param name by which clients ask for it, unique in the gate
/// @param volume name of the volume it shows (never an alias)
/// @param socket absolute path of its Unix socket; null if it listens on an address
/// @param address where it listens with TCP; null if it has a socket
/// @param readOnly whether clients may not write, even if the volume could
/// @param description for people; may be empty
public record ExportSpec(
        String name,
        String volume,
        @Nullable Path socket,
        @Nullable NodeAddress address,
        boolean readOnly,
        String description) {
    public ExportSpec {
        assert (socket == null) != (address == null) : "an export has a socket or an address";
    }

    /// Where it listens, for people and to tell places apart.
    public String place() {
        return address == null ? String.valueOf(socket) : address.toString();
    }
}
