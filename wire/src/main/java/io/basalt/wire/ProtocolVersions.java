package io.basalt.wire;

/// The versions of the protocol that one side of a connection speaks. Both sides take the highest that they have in
/// common; a release speaks its own version and the one before, so that a cluster can be upgraded process by process.
///
/// | version | what is new |
/// |---|---|
/// | 1 | everything in docs/PROTOCOL.md that names no later version |
/// | 2 | REPAIRS; COMPARED, RELEASE between chunk servers; weights of volumes, OVERLOADED; times in answers |
///
/// @param least lowest version, 1 to 255
/// @param most highest version, `least` to 255
public record ProtocolVersions(int least, int most) {
    /// Those that this code speaks.
    public static final ProtocolVersions CURRENT = new ProtocolVersions(1, 2);

    /// From this version on a metaserver takes REPAIRS.
    public static final int REPAIRS = 2;

    /// From this version on a copy takes COMPARED and RELEASE from its primary.
    public static final int COMPLETENESS = 2;

    /// From this version on a gate says what a volume's weight is, and takes OVERLOADED.
    public static final int SCHEDULING = 2;

    /// From this version on a gate takes answers that say where their time went.
    public static final int STAGE_TIMES = 2;

    private static final int MAX = 255;

    public ProtocolVersions {
        if (least < 1 || most < least || most > MAX) {
            throw new IllegalArgumentException(
                    "versions " + least + " to " + most + " of the protocol are out of order");
        }
    }

    /// The version to speak with a peer; 0 if there is none.
    ///
    /// @param peerLeast lowest that the peer speaks
    /// @param peerMost highest that it speaks
    public int common(int peerLeast, int peerMost) {
        final int highest = Math.min(most, peerMost);
        return highest >= Math.max(least, peerLeast) ? highest : 0;
    }

    /// Whether a version is one of these.
    public boolean contains(int version) {
        return version >= least && version <= most;
    }
}
