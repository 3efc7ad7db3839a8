package io.basalt.net;

/// Where a process listens.
///
/// @param host IPv4 or IPv6 address as text, without brackets: names are resolved by whoever reads them from people
/// @param port 0 to 65535
public record NodeAddress(String host, int port) {
    public NodeAddress {
        if (host.isEmpty()) {
            throw new IllegalArgumentException("address: host is empty, expected an IP address");
        }
        if (port < 0 || port > 0xffff) {
            throw new IllegalArgumentException("address: port is " + port + ", expected 0 to 65535");
        }
    }

    @Override
    public String toString() {
        return host.indexOf(':') < 0 ? host + ":" + port : "[" + host + "]:" + port;
    }
}
