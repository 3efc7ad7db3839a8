package io.basalt.virtio.vhostuser;

import static io.basalt.virtio.vhostuser.VhostUserSpec.*;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/// The exact bytes of each payload, written out by hand from the specification, against what is written and read.
class GoldenMessageTest {
    private final VhostUserMessage message = VhostUserMessage.allocate();

    private void assertBytes(String... hex) {
        final String expected = String.join("", hex).replace(" ", "");
        assertThat(HexFormat.of().formatHex(message.bytes().toArray(ValueLayout.JAVA_BYTE)))
                .isEqualTo(expected);
        assertThat(message.violation()).isNull();
    }

    @Test
    void writesHeaderAlone() {
        message.begin(GET_FEATURES, VERSION, 0);
        assertBytes("01000000 01000000 00000000");
    }

    @Test
    void writesNumber() {
        message.begin(SET_FEATURES, VERSION | NEED_REPLY_MASK, U64_SIZE).u64(0x1_4400_0046L);
        assertBytes("02000000 09000000 08000000", "4600004401000000");
        assertThat(message.needsReply()).isTrue();
    }

    @Test
    void writesVringState() {
        message.begin(SET_VRING_NUM, VERSION, VRING_STATE_SIZE).state(1, 128);
        assertBytes("08000000 01000000 08000000", "01000000 80000000");
        assertThat(message.index()).isEqualTo(1);
        assertThat(message.num()).isEqualTo(128);
    }

    @Test
    void writesVringAddresses() {
        message.begin(SET_VRING_ADDR, VERSION, VRING_ADDR_SIZE)
                .addresses(2, 1, 0x7fb96bfdc000L, 0x7fb96bfdd000L, 0x7fb96bfdc800L, 0xffde000L);
        assertBytes(
                "09000000 01000000 28000000",
                "02000000 01000000",
                "00c0fd6bb97f0000 00d0fd6bb97f0000 00c8fd6bb97f0000 00e0fd0f00000000");
        assertThat(message.descriptorAddress()).isEqualTo(0x7fb96bfdc000L);
        assertThat(message.usedAddress()).isEqualTo(0x7fb96bfdd000L);
        assertThat(message.availableAddress()).isEqualTo(0x7fb96bfdc800L);
        assertThat(message.logAddress()).isEqualTo(0xffde000L);
        assertThat(message.addressFlags()).isEqualTo(1);
    }

    @Test
    void writesMemoryTable() {
        final RegionDescription second = new RegionDescription(0x1_0000_0000L, 0x8000_0000L, 0x7f00_0000_0000L, 4096);
        message.begin(SET_MEM_TABLE, VERSION, MEMORY_HEADER_SIZE + 2 * MEMORY_REGION_SIZE)
                .regionCount(2)
                .region(0, new RegionDescription(0, 0x1000_0000L, 0x7fb95bfff000L, 0))
                .region(1, second);
        assertBytes(
                "05000000 01000000 48000000",
                "02000000 00000000",
                "0000000000000000 0000001000000000 00f0ff5bb97f0000 0000000000000000",
                "0000000001000000 0000008000000000 00000000007f0000 0010000000000000");
        assertThat(message.region(1)).isEqualTo(second);
    }

    @Test
    void writesSingleRegion() {
        final RegionDescription region = new RegionDescription(0, 0x1000_0000L, 0x7fd5dbfff000L, 0x2000);
        message.begin(ADD_MEM_REG, VERSION, SINGLE_REGION_SIZE).region(0, region);
        assertBytes(
                "25000000 01000000 28000000",
                "0000000000000000",
                "0000000000000000 0000001000000000 00f0ffdbd57f0000 0020000000000000");
        assertThat(message.region(0)).isEqualTo(region);
    }

    @Test
    void writesLog() {
        message.begin(SET_LOG_BASE, VERSION, LOG_SIZE).map(8192, 4096);
        assertBytes("06000000 01000000 10000000", "0020000000000000 0010000000000000");
    }

    @Test
    void writesInflightWithItsPadding() {
        message.begin(SET_INFLIGHT_FD, VERSION, INFLIGHT_SIZE).map(4224, 0).inflightQueues(2, 128);
        assertBytes("20000000 01000000 18000000", "8010000000000000 0000000000000000 0200 8000 00000000");
        assertThat(message.inflightQueueCount()).isEqualTo(2);
        assertThat(message.inflightQueueSize()).isEqualTo(128);
    }

    @Test
    void writesConfig() {
        message.begin(SET_CONFIG, VERSION, CONFIG_HEADER_SIZE + 1).config(32, 1, 0);
        message.configBytes(1).set(ValueLayout.JAVA_BYTE, 0, (byte) 1);
        assertBytes("19000000 01000000 0d000000", "20000000 01000000 00000000 01");
    }

    @Test
    void repliesWithFlagsFiveWhateverWasAsked() {
        final SessionRig rig = new SessionRig();
        rig.tell(rig.begin(GET_QUEUE_NUM, VERSION | NEED_REPLY_MASK, 0));
        message.buffer().copyFrom(rig.reply(GET_QUEUE_NUM, U64_SIZE).message().buffer());
        assertThat(HexFormat.of().formatHex(message.bytes().toArray(ValueLayout.JAVA_BYTE)))
                .isEqualTo("11000000" + "05000000" + "08000000" + "0400000000000000");
    }

    @Test
    void namesBrokenRules() {
        message.begin(GET_FEATURES, 2, 0);
        assertThat(message.violation()).contains("version 2");
        message.begin(GET_FEATURES, VERSION | REPLY_MASK, 0);
        assertThat(message.violation()).contains("is a reply");
        message.begin(SET_VRING_ADDR, VERSION, 8);
        assertThat(message.violation()).contains("SET_VRING_ADDR").contains("want 40");
        message.begin(GET_INFLIGHT_FD, VERSION, 16);
        assertThat(message.violation()).contains("want 20 to 24");
        message.begin(GET_FEATURES, VERSION, 0);
        message.buffer().set(ValueLayout.JAVA_INT_UNALIGNED, 8, 4097);
        assertThat(message.violation()).contains("4097 bytes");
        message.buffer().set(ValueLayout.JAVA_INT_UNALIGNED, 8, -1);
        assertThat(message.violation()).contains("4294967295 bytes");
    }

    @Test
    void namesBrokenRulesOfReplies() {
        message.begin(GET_FEATURES, REPLY_FLAGS, U64_SIZE);
        assertThat(message.replyViolation(GET_FEATURES)).isNull();
        assertThat(message.replyViolation(GET_QUEUE_NUM)).contains("reply to GET_FEATURES");
        message.flags(REPLY_FLAGS | NEED_REPLY_MASK);
        assertThat(message.replyViolation(GET_FEATURES)).contains("flags 0xd");
    }
}
