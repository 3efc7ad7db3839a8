package io.basalt.gate.daemon;

import io.basalt.net.NodeAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The cluster that a gate belongs to, and as what. A gate makes connections and takes none, so it listens nowhere.
///
/// @param metaservers where the metaserver's replicas listen for nodes, at least one
/// @param keyFile file of the cluster's key
/// @param nodeName for people, unique among the cluster's nodes, 1 to 64 characters of printable ASCII
/// @param room where the host stands; so are rack and host
public record ClusterOptions(
        List<NodeAddress> metaservers, Path keyFile, String nodeName, String room, String rack, String host) {
    private static final int NAME_LENGTH_MAX = 64;

    /// @throws IllegalArgumentException naming the option, the reason and what to do
    public ClusterOptions {
        metaservers = List.copyOf(metaservers);
        if (metaservers.isEmpty()) {
            throw new IllegalArgumentException("meta: no address given; name at least one metaserver as ADDRESS:PORT");
        }
        if (nodeName.isBlank()
                || nodeName.length() > NAME_LENGTH_MAX
                || !nodeName.chars().allMatch(c -> c >= 0x20 && c <= 0x7e)) {
            throw new IllegalArgumentException("node-name: '" + nodeName + "' is not 1 to " + NAME_LENGTH_MAX
                    + " characters of printable ASCII; choose another, such as the host's name");
        }
    }

    /// A gate on a host whose place nobody has told.
    ///
    /// @param metaservers each `ADDRESS:PORT`, an IPv6 address in brackets
    /// @throws IllegalArgumentException naming the option, the reason and what to do
    public static ClusterOptions of(List<String> metaservers, Path keyFile, String nodeName) {
        final List<NodeAddress> addresses = new ArrayList<>();
        metaservers.forEach(text -> addresses.add(address(text)));
        return new ClusterOptions(addresses, keyFile, nodeName, "room", "rack", nodeName);
    }

    private static NodeAddress address(String text) {
        final int colon = text.lastIndexOf(':');
        if (colon > 0) {
            String host = text.substring(0, colon);
            if (host.startsWith("[") && host.endsWith("]")) {
                host = host.substring(1, host.length() - 1);
            }
            try {
                return new NodeAddress(host, Integer.parseInt(text.substring(colon + 1)));
            } catch (IllegalArgumentException unusable) {
                throw new IllegalArgumentException(
                        "meta: '" + text + "' is no address: " + unusable.getMessage() + "; write it as 192.0.2.1:7701",
                        unusable);
            }
        }
        throw new IllegalArgumentException("meta: '" + text + "' names no port; write it as 192.0.2.1:7701");
    }
}
