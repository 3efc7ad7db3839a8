package io.basalt.net;

/// Bounds and times of a [Network]. Immutable; [#DEFAULT] suits a data centre's network.
///
/// @param requestsMax requests of one peer that are under way here at most, the credits it is given: 1 to 4096
/// @param callsMax requests under way to one peer at most, whatever its credits: 1 to 4096
/// @param payloadBytesMax bytes of a payload that is received, 4096 to 16 MiB, a power of two
/// @param poolBytes bytes of the pool that requests' payloads lie in, a multiple of `payloadBytesMax`, up to 1 GiB
/// @param receiveBytes bytes of a connection's receive buffer, 4096 to 1 MiB
/// @param directBytesMin bytes still missing from a payload from which on they are received in place, not through
///     the receive buffer
/// @param unauthenticatedMax connections that may be in their handshake at one time; the oldest gives way to
///     one more
/// @param handshakeNs nanoseconds for connecting and the handshake together
/// @param heartbeatNs nanoseconds of silence after which a sign of life is sent
/// @param silenceNs nanoseconds without a sign of life after which a peer counts as gone, more than `heartbeatNs`
public record NetOptions(
        int requestsMax,
        int callsMax,
        int payloadBytesMax,
        int poolBytes,
        int receiveBytes,
        int directBytesMin,
        int unauthenticatedMax,
        long handshakeNs,
        long heartbeatNs,
        long silenceNs) {
    /// What suits a data centre's network.
    public static final NetOptions DEFAULT = new NetOptions(
            128, 512, 1 << 20, 64 << 20, 64 << 10, 16 << 10, 64, 3_000_000_000L, 500_000_000L, 2_000_000_000L);

    public NetOptions {
        require("requestsMax", requestsMax, 1, 4096);
        require("callsMax", callsMax, 1, 4096);
        require("payloadBytesMax", payloadBytesMax, 4096, 16 << 20);
        require("poolBytes", poolBytes, payloadBytesMax, 1 << 30);
        require("receiveBytes", receiveBytes, 4096, 1 << 20);
        require("directBytesMin", directBytesMin, 1, Integer.MAX_VALUE);
        require("unauthenticatedMax", unauthenticatedMax, 1, 65536);
        require("handshakeNs", handshakeNs, 1, Long.MAX_VALUE >> 2);
        require("heartbeatNs", heartbeatNs, 1, Long.MAX_VALUE >> 2);
        require("silenceNs", silenceNs, heartbeatNs + 1, Long.MAX_VALUE >> 2);
        if (Integer.bitCount(payloadBytesMax) != 1) {
            throw new IllegalArgumentException(
                    "network option payloadBytesMax is " + payloadBytesMax + ", expected a power of two");
        }
        if (poolBytes % payloadBytesMax != 0) {
            throw new IllegalArgumentException("network option poolBytes is " + poolBytes
                    + ", expected a multiple of payloadBytesMax, which is " + payloadBytesMax);
        }
    }

    /// The same with other bounds on what is under way.
    public NetOptions withCredits(int requests, int calls) {
        return new NetOptions(
                requests,
                calls,
                payloadBytesMax,
                poolBytes,
                receiveBytes,
                directBytesMin,
                unauthenticatedMax,
                handshakeNs,
                heartbeatNs,
                silenceNs);
    }

    /// The same with other buffers.
    public NetOptions withBuffers(int payloadMax, int pool, int receive, int directMin) {
        return new NetOptions(
                requestsMax,
                callsMax,
                payloadMax,
                pool,
                receive,
                directMin,
                unauthenticatedMax,
                handshakeNs,
                heartbeatNs,
                silenceNs);
    }

    /// The same with other times.
    public NetOptions withTimes(long handshake, long heartbeat, long silence) {
        return new NetOptions(
                requestsMax,
                callsMax,
                payloadBytesMax,
                poolBytes,
                receiveBytes,
                directBytesMin,
                unauthenticatedMax,
                handshake,
                heartbeat,
                silence);
    }

    /// The same with another bound on handshakes.
    public NetOptions withUnauthenticatedMax(int most) {
        return new NetOptions(
                requestsMax,
                callsMax,
                payloadBytesMax,
                poolBytes,
                receiveBytes,
                directBytesMin,
                most,
                handshakeNs,
                heartbeatNs,
                silenceNs);
    }

    private static void require(String field, long value, long least, long most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(
                    "network option " + field + " is " + value + ", expected " + least + " to " + most);
        }
    }
}
