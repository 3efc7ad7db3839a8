package io.basalt.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.block.Volume;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/// Requests and replies, byte by byte as the specification has them.
class FormatTest {
    private final MemorySegment memory = Arena.ofAuto().allocate(256);
    private final Command command = new Command();

    private String written(int length) {
        return HexFormat.of().formatHex(memory.asSlice(1, length).toArray(ValueLayout.JAVA_BYTE));
    }

    private void place(String hex) {
        MemorySegment.copy(MemorySegment.ofArray(HexFormat.of().parseHex(hex)), 0, memory, 1, hex.length() / 2);
    }

    @Test
    void readsCompactRequests() {
        place("25609513" + "0001" + "0006" + "0102030405060708" + "fffffffffffff000" + "fffff000");
        assertThat(RequestFormat.read(memory, 1, ReplyStyle.STRUCTURED, command))
                .isTrue();
        assertThat(command.flags).isEqualTo(NbdSpec.CMD_FLAG_FUA);
        assertThat(command.type).isEqualTo(NbdSpec.CMD_WRITE_ZEROES);
        assertThat(command.cookie).isEqualTo(0x0102030405060708L);
        assertThat(command.offset).isEqualTo(-4096);
        assertThat(command.length).isEqualTo(0xfffff000L);
        assertThat(RequestFormat.read(memory, 1, ReplyStyle.EXTENDED, command)).isFalse();
    }

    @Test
    void readsExtendedRequests() {
        place("21e41c71" + "0020" + "0001" + "0102030405060708" + "0000000000001000" + "0000010000000000");
        assertThat(RequestFormat.read(memory, 1, ReplyStyle.EXTENDED, command)).isTrue();
        assertThat(command.flags).isEqualTo(NbdSpec.CMD_FLAG_PAYLOAD_LEN);
        assertThat(command.length).isEqualTo(1L << 40);
        assertThat(RequestFormat.read(memory, 1, ReplyStyle.SIMPLE, command)).isFalse();
    }

    @Test
    void writesReplies() {
        command.cookie = 0x0102030405060708L;
        command.offset = 0x2000;
        assertThat(written(ReplyFormat.simple(memory, 1, 5, command.cookie)))
                .isEqualTo("67446698" + "00000005" + "0102030405060708");
        assertThat(written(ReplyFormat.data(memory, 1, ReplyStyle.STRUCTURED, command, true, 0x3000, 0x1000)))
                .isEqualTo("668e33ef" + "0001" + "0001" + "0102030405060708" + "00001008" + "0000000000003000");
        assertThat(written(ReplyFormat.data(memory, 1, ReplyStyle.EXTENDED, command, false, 0x3000, 0x1000)))
                .isEqualTo("6e8a278c" + "0000" + "0001" + "0102030405060708" + "0000000000002000" + "0000000000001008"
                        + "0000000000003000");
        assertThat(written(ReplyFormat.error(memory, 1, ReplyStyle.STRUCTURED, command, 22)))
                .isEqualTo("668e33ef" + "0001" + "8001" + "0102030405060708" + "00000006" + "00000016" + "0000");
        assertThat(written(ReplyFormat.errorAt(memory, 1, ReplyStyle.EXTENDED, command, true, 5, 0x3000)))
                .isEqualTo("6e8a278c" + "0001" + "8002" + "0102030405060708" + "0000000000002000" + "000000000000000e"
                        + "00000005" + "0000" + "0000000000003000")
                .hasSize(2 * ReplyFormat.BYTES_MAX);
    }

    @Test
    void writesExtents() {
        final Volume volume = new HandVolume(1 << 20, 4096);
        final ExtentQuery query = new ExtentQuery(
                command, new Agreement(new Export("", "", volume, false), 1 << 20, 0, ReplyStyle.STRUCTURED, true));
        command.offset = 0;
        command.length = 8192;
        query.run();
        assertThat(written(ReplyFormat.extents(memory, 1, ReplyStyle.STRUCTURED, query)))
                .isEqualTo("00000001" + "00002000" + "00000003");
        assertThat(written(ReplyFormat.extents(memory, 1, ReplyStyle.EXTENDED, query)))
                .isEqualTo("00000001" + "00000001" + "0000000000002000" + "0000000000000003");
    }
}
