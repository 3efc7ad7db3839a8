package io.basalt.wire.meta;

/// The kinds of request between a node and the metaserver, by their number on the wire.
///
/// **Content.** What a request or an answer says (its *content*) is a row of fields that begins with a byte of
/// version, [#VERSION]. It travels in the body if it fits there, else as payload, never in both. The exception is
/// [#MAP], whose body is a [MapPiece] and whose payload is that piece. A version that the receiver does not know is
/// answered [MetaCode#UNSUPPORTED] and nothing is done.
///
/// **Answers.** The code is a [MetaCode]. With [MetaCode#OK] the content is what the list below says; with any
/// other it is one text: why, and what to do ([Reason]).
///
/// ```
/// node to metaserver                            answer
/// REGISTER     NodeRegistration                 Registered
/// HEARTBEAT    Heartbeat                        none
/// SUBSCRIBE    Subscription                     none; MAP and GENERATIONS follow
/// ATTACH       AttachRequest                    VolumeRecord, with the granted generation
/// DETACH       DetachRequest                    none
/// LOOKUP       VolumeName                       VolumeRecord
/// CHANGE_PG    PgChange                         PgState after the change; with STALE_EPOCH the PgState that holds
/// USAGE        UsageReport                      none
/// HELD_PARTS   PartList                         PartList: those of them that were deleted
/// HAND_OVER    HandOverRequest                  HandOverResult, as soon as no copy of the node is needed that can be
///                                               done without
/// REPAIRS      RepairReport                     none
///
/// metaserver to node                            answer
/// MAP          MapPiece                         none
/// GENERATIONS  GenerationBatch                  none, as soon as nothing older can be written any more
/// VOLUME       VolumeRecord                     none
/// SERVE        VolumeName                       ServeResult
/// RELEASE      VolumeName                       none
/// ```
public final class MetaMessage {
    /// Version of every content that this code writes, and the only one it reads.
    public static final int VERSION = 1;

    /// A node says what it is and which devices it has.
    public static final int REGISTER = 0x80;
    /// A node is alive; its devices' use and load.
    public static final int HEARTBEAT = 0x81;
    /// A node wants the maps, now and whenever they change.
    public static final int SUBSCRIBE = 0x82;
    /// A gate wants to serve a volume.
    public static final int ATTACH = 0x83;
    /// A gate serves a volume no longer.
    public static final int DETACH = 0x84;
    /// What is known of a volume, by name.
    public static final int LOOKUP = 0x85;
    /// A primary wants another in-sync set, or another primary.
    public static final int CHANGE_PG = 0x86;
    /// How much of which volumes a chunk server's device holds.
    public static final int USAGE = 0x87;
    /// A chunk server has shards of some parts, and asks which of them were deleted with their volume.
    public static final int HELD_PARTS = 0x88;

    /// A chunk server is about to stop.
    public static final int HAND_OVER = 0x89;

    /// How far copies are that are brought up to date.
    public static final int REPAIRS = 0x8a;

    /// A piece of a map, or of what has changed in it.
    public static final int MAP = 0x90;
    /// Attach generations that have risen.
    public static final int GENERATIONS = 0x91;
    /// A volume that the gate serves has changed: its size, its class, or who may serve it.
    public static final int VOLUME = 0x92;
    /// An operator wants the gate to attach and serve a volume.
    public static final int SERVE = 0x93;
    /// An operator wants the gate to stop serving a volume and detach it.
    public static final int RELEASE = 0x94;

    /// Most payload bytes of one request; what is longer is sent in pieces.
    public static final int PAYLOAD_BYTES_MAX = 32 << 10;

    private MetaMessage() {}

    /// Begin a content.
    public static FieldWriter begin() {
        return new FieldWriter().putByte(VERSION);
    }

    /// Begin to read a content.
    ///
    /// @throws MetaFormatException if its version is not known
    public static FieldReader begin(FieldReader reader) {
        final int version = reader.takeByte("version");
        if (version != VERSION) {
            throw new UnknownVersionException("content", version, VERSION);
        }
        return reader;
    }
}
