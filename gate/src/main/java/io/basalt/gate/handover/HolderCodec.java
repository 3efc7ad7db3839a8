package io.basalt.gate.handover;

import io.basalt.gate.handover.HolderMessage.Disk;
import io.basalt.gate.handover.HolderMessage.Enlist;
import io.basalt.gate.handover.HolderMessage.Enlisted;
import io.basalt.gate.handover.HolderMessage.Leave;
import io.basalt.gate.handover.HolderMessage.TakeOver;
import io.basalt.wire.meta.MetaFormatException;

/// The bodies of [HolderMessage]s, by the rules of [HandoverCodec].
final class HolderCodec {
    private static final int ENLIST = 32;
    private static final int ENLISTED = 33;
    private static final int DISK = 34;
    private static final int TAKE_OVER = 35;
    private static final int LEAVE = 36;

    private HolderCodec() {}

    /// Write a message's body.
    ///
    /// @return the message's type
    static int write(HolderMessage message, HandoverCodec.Writer out) {
        return switch (message) {
            case Enlist enlist -> {
                out.fields.putShort(enlist.formatMin()).putShort(enlist.formatMax());
                out.fields.putText(enlist.product()).putInt(enlist.processId()).putFlag(enlist.serves());
                out.fd(enlist.life());
                yield ENLIST;
            }
            case Enlisted enlisted -> {
                out.fields.putFlag(enlisted.starts());
                out.fd(enlisted.marks());
                yield ENLISTED;
            }
            case Disk disk -> {
                out.fields.putInt(disk.slot()).putLong(disk.version()).putFlag(disk.writeback());
                out.image(disk.image());
                yield DISK;
            }
            case TakeOver takeOver -> {
                out.fields.putInt(takeOver.lost().size());
                takeOver.lost().forEach(out.fields::putText);
                yield TAKE_OVER;
            }
            case Leave _ -> LEAVE;
        };
    }

    static HolderMessage read(int type, HandoverCodec.Reader in) {
        return switch (type) {
            case ENLIST ->
                new Enlist(
                        in.fields.takeShort("format min"),
                        in.fields.takeShort("format max"),
                        in.fields.takeText("product", HandoverCodec.TEXT_BYTES_MAX),
                        in.fields.takeInt("process id"),
                        in.fields.takeFlag("serves"),
                        in.fd("life"));
            case ENLISTED -> new Enlisted(in.fields.takeFlag("starts"), in.fd("marks"));
            case DISK ->
                new Disk(
                        in.fields.takeInt("slot"),
                        in.fields.takeLong("version"),
                        in.fields.takeFlag("writeback"),
                        in.image());
            case TAKE_OVER ->
                new TakeOver(in.list(
                        "lost count",
                        HandoverCodec.DISK_COUNT_MAX,
                        () -> in.fields.takeText("disk name", HandoverCodec.TEXT_BYTES_MAX)));
            case LEAVE -> new Leave();
            default -> throw new MetaFormatException("message type " + type + " is not known here");
        };
    }
}
