package io.basalt.linux.socket;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.basalt.linux.Errno;
import io.basalt.linux.LinuxException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteOrder;

/// An IPv4 or IPv6 address with a port, as a `sockaddr` in native memory that lives as long as this object.
public final class InternetAddress {
    private static final ValueLayout.OfShort PORT = JAVA_SHORT.withOrder(ByteOrder.BIG_ENDIAN);
    private static final long PORT_AT = SocketSpec.offset(SocketSpec.SOCKADDR_IN, "sin_port");
    private static final long ADDRESS_AT = SocketSpec.offset(SocketSpec.SOCKADDR_IN, "sin_addr");
    private static final long ADDRESS6_AT = SocketSpec.offset(SocketSpec.SOCKADDR_IN6, "sin6_addr");

    private final MemorySegment sockaddr;

    private InternetAddress(int family, byte[] address, int port) {
        final boolean v6 = family == SocketSpec.AF_INET6;
        sockaddr = Arena.ofAuto().allocate(v6 ? SocketSpec.SOCKADDR_IN6 : SocketSpec.SOCKADDR_IN);
        sockaddr.set(JAVA_SHORT, 0, (short) family);
        sockaddr.set(PORT, PORT_AT, (short) port);
        MemorySegment.copy(address, 0, sockaddr, JAVA_BYTE, v6 ? ADDRESS6_AT : ADDRESS_AT, address.length);
    }

    /// The address that a text stands for. Names are not resolved, which may take long and lie.
    ///
    /// @param host IPv4 or IPv6 address as text, without brackets or zone
    /// @param port 0 to 65535
    /// @throws LinuxException if it is none
    public static InternetAddress of(String host, int port) {
        assert port >= 0;
        assert port <= 0xffff;
        final InetAddress parsed;
        try {
            parsed = InetAddress.ofLiteral(host);
        } catch (IllegalArgumentException e) {
            throw noAddress(host);
        }
        if (host.indexOf('%') >= 0 || host.indexOf('[') >= 0) {
            throw noAddress(host);
        }
        final int family = parsed instanceof Inet6Address ? SocketSpec.AF_INET6 : SocketSpec.AF_INET;
        return new InternetAddress(family, parsed.getAddress(), port);
    }

    /// Room for an address of either family, which the kernel fills.
    static InternetAddress room() {
        return new InternetAddress(SocketSpec.AF_INET6, new byte[16], 0);
    }

    /// `AF_INET` or `AF_INET6`.
    public int family() {
        return sockaddr.get(JAVA_SHORT, 0);
    }

    /// Where the `sockaddr` is; valid while this object is reachable.
    public long address() {
        return sockaddr.address();
    }

    /// Bytes of the `sockaddr`.
    public int length() {
        return (int) sockaddr.byteSize();
    }

    int port() {
        return sockaddr.get(PORT, PORT_AT) & 0xffff;
    }

    /// Address and port as text, an IPv6 address in brackets.
    @Override
    public String toString() {
        final boolean v6 = family() == SocketSpec.AF_INET6;
        final byte[] bytes =
                sockaddr.asSlice(v6 ? ADDRESS6_AT : ADDRESS_AT, v6 ? 16 : 4).toArray(JAVA_BYTE);
        try {
            final String host = InetAddress.getByAddress(bytes).getHostAddress();
            return (v6 ? "[" + host + "]" : host) + ":" + port();
        } catch (UnknownHostException e) {
            throw new AssertionError("an address of 4 or 16 bytes is one", e);
        }
    }

    private static LinuxException noAddress(String host) {
        return new LinuxException(
                "address", Errno.EINVAL, "'" + host + "' is no IPv4 or IPv6 address; give the number, not a name");
    }
}
