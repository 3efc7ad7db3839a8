package io.basalt.meta.state;

import io.basalt.wire.meta.FieldReader;
import io.basalt.wire.meta.FieldWriter;
import io.basalt.wire.meta.Limits;
import java.security.MessageDigest;

/// A token that the REST API accepts. Its text is known only to whoever got it when it was made.
public final class TokenRecord {
    /// Bytes of a hash.
    public static final int HASH_BYTES = 32;

    private final String name;
    private final boolean readOnly;
    private final byte[] hash;
    private final long createdMs;

    TokenRecord(String name, boolean readOnly, byte[] hash, long createdMs) {
        this.name = name;
        this.readOnly = readOnly;
        this.hash = hash.clone();
        this.createdMs = createdMs;
    }

    /// For people, unique.
    public String name() {
        return name;
    }

    /// Whether it may only look.
    public boolean readOnly() {
        return readOnly;
    }

    /// When it was made, milliseconds since 1970.
    public long createdMs() {
        return createdMs;
    }

    /// Whether a hash is that of this token; takes the same time whatever the answer.
    public boolean matches(byte[] otherHash) {
        return MessageDigest.isEqual(hash, otherHash);
    }

    void write(FieldWriter writer) {
        writer.putText(name).putFlag(readOnly).putRaw(hash).putLong(createdMs);
    }

    static TokenRecord read(FieldReader reader) {
        return new TokenRecord(
                reader.takeText("token name", Limits.NAME_LENGTH_MAX),
                reader.takeFlag("read only"),
                reader.takeRaw("hash", HASH_BYTES),
                reader.takeLong("created"));
    }
}
