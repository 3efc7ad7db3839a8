package io.basalt.net;

import org.jspecify.annotations.Nullable;

/// Who is at the other end of a connection, proved with the cluster's key.
///
/// @param role what kind of process it is
/// @param nodeId number of its node, as the metaserver gave it; 0 if it has none yet
/// @param name for people: host name or label, at most 64 characters
public record PeerIdentity(Role role, int nodeId, String name) {
    /// Most characters of a name.
    public static final int NAME_LENGTH_MAX = 64;

    public PeerIdentity {
        final String wrong = violation(name);
        if (wrong != null) {
            throw new IllegalArgumentException("peer identity: " + wrong);
        }
        if (nodeId < 0) {
            throw new IllegalArgumentException("peer identity: node id is " + nodeId + ", expected 0 or more");
        }
    }

    /// What is wrong with a name, null if nothing: names are shown to people, so they are printable ASCII.
    public static @Nullable String violation(String name) {
        if (name.length() > NAME_LENGTH_MAX) {
            return "name has " + name.length() + " characters, expected at most " + NAME_LENGTH_MAX;
        }
        for (int i = 0; i < name.length(); i++) {
            if (name.charAt(i) < 0x20 || name.charAt(i) > 0x7e) {
                return "name has a character that is not printable ASCII";
            }
        }
        return null;
    }

    /// The kinds of process that talk to one another.
    public enum Role {
        /// Serves front ends.
        GATE(1),
        /// Keeps shards.
        CHUNK(2),
        /// Owns the catalog.
        META(3),
        /// An operator's tool.
        TOOL(4);

        private final int code;

        Role(int code) {
            this.code = code;
        }

        /// The role with this number, null if there is none.
        public static @Nullable Role of(int code) {
            return switch (code) {
                case 1 -> GATE;
                case 2 -> CHUNK;
                case 3 -> META;
                case 4 -> TOOL;
                default -> null;
            };
        }

        /// The number of this role on the wire.
        public int code() {
            return code;
        }
    }
}
