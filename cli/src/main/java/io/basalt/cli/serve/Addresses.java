package io.basalt.cli.serve;

import io.basalt.net.NodeAddress;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Addresses as people write them.
public final class Addresses {
    private Addresses() {}

    /// `host:port` or `[v6]:port`; a name is resolved.
    ///
    /// @param setting for messages
    static NodeAddress parse(String setting, String text) {
        final int colon = text.lastIndexOf(':');
        final String host = text.substring(0, colon).replaceAll("^\\[|]$", "");
        try {
            return new NodeAddress(
                    InetAddress.getByName(host).getHostAddress(), Integer.parseInt(text.substring(colon + 1)));
        } catch (UnknownHostException unknown) {
            throw new IllegalArgumentException(
                    setting + ": the host '" + host + "' is not known; write an IP address, or correct the name");
        }
    }

    /// The address of a socket, or null for `none`.
    ///
    /// @throws IllegalArgumentException if it is neither
    public static @Nullable InetSocketAddress parseUnlessNone(String setting, String text) {
        if (text.equals("none")) {
            return null;
        }
        if (!text.matches(".+:\\d{1,5}")) {
            throw new IllegalArgumentException(
                    setting + ": '" + text + "' is no address; write it as 127.0.0.1:7720, or none");
        }
        final NodeAddress address = parse(setting, text);
        return new InetSocketAddress(address.host(), address.port());
    }

    /// Several of them.
    static List<NodeAddress> parseAll(String setting, List<String> texts) {
        return texts.stream().map(text -> parse(setting, text)).toList();
    }

    /// This host's name, as far as it is known.
    public static String hostName() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException nameless) {
            return "localhost";
        }
    }
}
