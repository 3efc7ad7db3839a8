package io.basalt.wire.meta;

/// What a registered node does.
public enum NodeRole {
    /// Keeps shards on its devices.
    CHUNK(1),
    /// Serves volumes to guests.
    GATE(2);

    private final int code;

    NodeRole(int code) {
        this.code = code;
    }

    /// The number on the wire, in the log and in snapshots.
    public int code() {
        return code;
    }

    /// Append the role.
    public void write(FieldWriter writer) {
        writer.putByte(code);
    }

    /// Read a role.
    public static NodeRole read(FieldReader reader) {
        final int number = reader.takeByte("role");
        for (final NodeRole each : values()) {
            if (each.code == number) {
                return each;
            }
        }
        throw new MetaFormatException("role is " + number + ", expected 1 (chunk) or 2 (gate)");
    }
}
