package io.basalt.meta.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.meta.state.MetaCommand.AddToken;
import io.basalt.meta.state.MetaCommand.AdminDevice;
import io.basalt.meta.state.MetaCommand.ChangePg;
import io.basalt.meta.state.MetaCommand.ChangePgs;
import io.basalt.meta.state.MetaCommand.DeleteVolume;
import io.basalt.meta.state.MetaCommand.Detach;
import io.basalt.meta.state.MetaCommand.Fence;
import io.basalt.meta.state.MetaCommand.LayoutPgs;
import io.basalt.meta.state.MetaCommand.MarkNode;
import io.basalt.meta.state.MetaCommand.MovePgs;
import io.basalt.meta.state.MetaCommand.PatchSet;
import io.basalt.meta.state.MetaCommand.PatchVolume;
import io.basalt.meta.state.MetaCommand.RecordUsage;
import io.basalt.meta.state.MetaCommand.RemoveToken;
import io.basalt.meta.state.MetaCommand.TakeOut;
import io.basalt.testkit.SeededTest;
import io.basalt.wire.meta.MetaFormatException;
import io.basalt.wire.meta.PgChange;
import io.basalt.wire.meta.RequestId;
import io.basalt.wire.meta.UnknownVersionException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// Commands have the bytes that they always had, and nothing else is taken for one.
class CommandCodecTest {
    private static final Map<String, String> GOLDEN = new LinkedHashMap<>();

    static {
        GOLDEN.put("CreateCluster", "0301010000000000000002000000000000000068e5cf8b010000");
        GOLDEN.put(
                "RegisterNode",
                "0302c000000000000000010000000000000007006368756e6b2d31010500302e312e300400726f6f"
                        + "6d04007261636b0600686f73742d31070064656661756c7401000000010000000000000001000000"
                        + "000000000000000000010000030073736409003132372e302e302e31621b0068e5cf8b010000");
        GOLDEN.put("MarkNode", "03030100000001");
        GOLDEN.put("RecordUsage", "030401000000010000000200000000000000030000000000000001");
        GOLDEN.put("AdminDevice", "0305010000000200000100");
        GOLDEN.put("CreateSet", "0306070064656661756c740800000003030101d0070000");
        GOLDEN.put("PatchSet", "0307070064656661756c7402ffffffff");
        GOLDEN.put("LayoutPgs", "030801000000070000000000000002000000020100000002000000020200000003000000");
        GOLDEN.put("ChangePg", "03090100000005000000020000000303000000");
        GOLDEN.put(
                "CreateVolume",
                "030a050000000000000006000000000000000300766d310000000005000000000010000010000003"
                        + "0073736400000068e5cf8b010000");
        GOLDEN.put(
                "PatchVolume",
                "030b050000000000000006000000000000000300766d310300766d32000000000a00000004007273" + "7364");
        GOLDEN.put("DeleteVolume", "030c050000000000000006000000000000000300766d31");
        GOLDEN.put("Attach", "030d050000000000000006000000000000000400000088776655443322110300766d3101");
        GOLDEN.put("Detach", "030e090000000000000002000000");
        GOLDEN.put("Fence", "030f050000000000000006000000000000000300766d31");
        GOLDEN.put(
                "AddToken",
                "03100200636901000000000000000000000000000000000000000000000000000000000000000008" + "00000000000000");
        GOLDEN.put("RemoveToken", "031102006369");
        GOLDEN.put("ChangePgs", "0312010000000100000005000000020000000103000000");
        GOLDEN.put("MovePgs", "0313010000000100000005000000020000000300000004000000");
        GOLDEN.put("TakeOut", "0314020000000100000002000000");
    }

    static List<MetaCommand> all() {
        final RequestId id = new RequestId(5, 6);
        return List.of(
                Commands.cluster(),
                Commands.register(Commands.chunk(1, 1)),
                new MarkNode(1, true),
                new RecordUsage(List.of(new RecordUsage.Usage(1, 2, 3, true))),
                new AdminDevice(1, AdminDevice.Action.DRAIN, 65536),
                Commands.set("default", 3, 2000),
                new PatchSet("default", 2, -1),
                new LayoutPgs(1, 7, List.of(new int[] {1, 2}, new int[] {2, 3})),
                new ChangePg(new PgChange(1, 5, 2, PgChange.Kind.MAKE_PRIMARY, 3)),
                Commands.volume(id, "vm1", 20L << 30),
                new PatchVolume(id, "vm1", "vm2", 40L << 30, "rssd"),
                new DeleteVolume(id, "vm1"),
                Commands.attach(id, 4, 0x1122334455667788L, "vm1", true),
                new Detach(9, 2),
                new Fence(id, "vm1"),
                new AddToken("ci", true, new byte[32], 8),
                new RemoveToken("ci"),
                new ChangePgs(List.of(new PgChange(1, 5, 2, PgChange.Kind.REMOVE_FROM_IN_SYNC, 3))),
                new MovePgs(1, List.of(new MovePgs.Move(5, 2, 3, 4))),
                new TakeOut(List.of(1, 2)));
    }

    @Test
    void everyCommandHasTheBytesThatItAlwaysHad() {
        final Map<String, String> bytes = new LinkedHashMap<>();
        for (final MetaCommand command : all()) {
            bytes.put(command.getClass().getSimpleName(), HexFormat.of().formatHex(CommandCodec.encode(command)));
        }
        assertThat(bytes).containsExactlyEntriesOf(GOLDEN);
    }

    @Test
    void commandsOfOlderVersionsAreReadToo() {
        for (final MetaCommand command : all()) {
            for (int version = 1; version < CommandCodec.VERSION; version++) {
                final byte[] bytes = CommandCodec.encode(command);
                bytes[0] = (byte) version;
                assertThat(CommandCodec.version(bytes)).isEqualTo(version);
                assertThat(CommandCodec.decode(bytes)).hasSameClassAs(command);
            }
        }
    }

    @Test
    void theListHasEveryKindOfCommand() {
        assertThat(all()).extracting(Object::getClass).hasSameSizeAs(MetaCommand.class.getPermittedSubclasses());
    }

    @Test
    void everyCommandIsReadAsItWasWritten() {
        for (final MetaCommand command : all()) {
            final byte[] bytes = CommandCodec.encode(command);
            assertThat(CommandCodec.encode(CommandCodec.decode(bytes))).isEqualTo(bytes);
        }
    }

    @Test
    void aCommandThatIsCutOrExtendedIsRefused() {
        for (final MetaCommand command : all()) {
            final byte[] bytes = CommandCodec.encode(command);
            for (int length = 0; length < bytes.length; length++) {
                final byte[] cut = Arrays.copyOf(bytes, length);
                assertThatThrownBy(() -> CommandCodec.decode(cut)).isInstanceOf(MetaFormatException.class);
            }
            final byte[] extended = Arrays.copyOf(bytes, bytes.length + 1);
            assertThatThrownBy(() -> CommandCodec.decode(extended)).isInstanceOf(MetaFormatException.class);
        }
    }

    @Test
    void aCommandOfAnUnknownVersionOrKindIsRefusedAsSuch() {
        final byte[] newer = CommandCodec.encode(new MarkNode(1, true));
        newer[0]++;
        assertThatThrownBy(() -> CommandCodec.decode(newer)).isInstanceOf(UnknownVersionException.class);
        final byte[] unknown = CommandCodec.encode(new MarkNode(1, true));
        unknown[1] = 99;
        assertThatThrownBy(() -> CommandCodec.decode(unknown)).isInstanceOf(UnknownVersionException.class);
    }

    @Test
    void arbitraryBytesChangeTheStateAsACommandOrNotAtAll() {
        SeededTest.run(200, random -> {
            final MetaState state = Commands.cluster(0);
            for (int round = 0; round < 50; round++) {
                final byte[] bytes = CommandCodec.encode(all().get(random.nextInt(all().size())));
                for (int change = random.nextInt(4); change > 0; change--) {
                    bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
                }
                final byte[] before = state.snapshot();
                boolean applied = false;
                try {
                    applied = state.apply(bytes).result().done();
                } catch (MetaFormatException expected) {
                    assertThat(expected.getMessage()).isNotEmpty();
                }
                if (!applied) {
                    assertThat(state.snapshot()).isEqualTo(before);
                }
            }
            assertThat(MetaState.restore(state.snapshot()).snapshot()).isEqualTo(state.snapshot());
        });
    }
}
