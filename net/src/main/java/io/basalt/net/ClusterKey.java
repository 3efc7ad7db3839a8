package io.basalt.net;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/// The secret that the processes of one cluster have in common, with which they prove themselves to one another.
///
/// Never shown: neither [#toString()] nor any message holds a byte of it. Immutable; any thread.
public final class ClusterKey {
    /// Bytes of a key.
    public static final int BYTES = 32;

    /// Bytes of a proof made with it.
    public static final int MAC_BYTES = 32;

    private static final String ALGORITHM = "HmacSHA256";

    private final SecretKeySpec key;

    /// @param bytes [#BYTES] random bytes; copied
    public ClusterKey(byte[] bytes) {
        if (bytes.length != BYTES) {
            throw new IllegalArgumentException("cluster key has " + bytes.length + " bytes, expected " + BYTES);
        }
        key = new SecretKeySpec(bytes, ALGORITHM);
    }

    /// The key that 64 hexadecimal digits stand for.
    ///
    /// @throws IllegalArgumentException if they do not; does not say what was there instead
    public static ClusterKey parse(String hexadecimal) {
        final byte[] bytes;
        try {
            bytes = HexFormat.of().parseHex(hexadecimal);
        } catch (IllegalArgumentException e) {
            // Not passed on as a cause: its message may quote the text.
            throw malformed(hexadecimal.length());
        }
        if (bytes.length != BYTES) {
            throw malformed(hexadecimal.length());
        }
        return new ClusterKey(bytes);
    }

    /// The proof that whoever makes it has the key: HMAC-SHA256 over a label and two messages. Control plane.
    ///
    /// @param label what the proof is for, so that one made for one purpose is worth nothing for another
    public byte[] mac(String label, MemorySegment first, MemorySegment second) {
        try {
            final Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(key);
            mac.update(label.getBytes(StandardCharsets.US_ASCII));
            mac.update((byte) 0);
            mac.update(first.toArray(ValueLayout.JAVA_BYTE));
            mac.update(second.toArray(ValueLayout.JAVA_BYTE));
            return mac.doFinal();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java runtime has no " + ALGORITHM, e);
        }
    }

    /// Whether two proofs are the same, in a time that does not tell where they differ.
    public static boolean same(byte[] expected, byte[] given) {
        return MessageDigest.isEqual(expected, given);
    }

    @Override
    public String toString() {
        return "ClusterKey[redacted]";
    }

    private static IllegalArgumentException malformed(int length) {
        return new IllegalArgumentException("cluster key: expected " + 2 * BYTES
                + " hexadecimal digits, found something else, " + length + " characters long");
    }
}
