package io.basalt.wire.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/// The exact bytes of every data message's body: what is written today must be read by every later version.
class GoldenBytesTest {
    private static final String RANGE = "0102030405060708" + "0900000000000000" + "1112131415161718" + "21222300"
            + "00100000" + "00200000" + "31320000" + "41420000" + "01000000";

    private final MemorySegment body = MemorySegment.ofArray(new byte[192]);

    @Test
    void clientRequestStandsAsItAlwaysDid() {
        target();
        ClientRequest.identity(body, 0x5857565554535251L, 0x61, 0x60);
        assertThat(hex(ClientRequest.BYTES))
                .isEqualTo(RANGE + "5152535455565758" + "6100000000000000" + "6000000000000000");
        assertThat(ClientRequest.violation(DataMessage.WRITE, body, ClientRequest.BYTES, 0x2000))
                .isNull();
        assertThat(ShardRange.volumeId(body)).isEqualTo(0x0807060504030201L);
        assertThat(ShardRange.generation(body)).isEqualTo(9);
        assertThat(ShardRange.partId(body)).isEqualTo(0x1817161514131211L);
        assertThat(ShardRange.shardIndex(body)).isEqualTo(0x232221);
        assertThat(ShardRange.offset(body)).isEqualTo(0x1000);
        assertThat(ShardRange.length(body)).isEqualTo(0x2000);
        assertThat(ShardRange.pg(body)).isEqualTo(0x3231);
        assertThat(ShardRange.epoch(body)).isEqualTo(0x4241);
        assertThat(ShardRange.flags(body)).isEqualTo(ShardRange.MAY_UNMAP);
        assertThat(ClientRequest.gateInstance(body)).isEqualTo(0x5857565554535251L);
        assertThat(ClientRequest.sequence(body)).isEqualTo(0x61);
        assertThat(ClientRequest.oldest(body)).isEqualTo(0x60);
    }

    @Test
    void replicaRequestStandsAsItAlwaysDid() {
        target();
        ReplicaRequest.order(body, 0x5857565554535251L, Versions.of(3, 0x0504030201L));
        assertThat(hex(ReplicaRequest.BYTES)).isEqualTo(RANGE + "5152535455565758" + "0102030405030000");
        assertThat(ReplicaRequest.violation(DataMessage.REPLICATE_WRITE, body, ReplicaRequest.BYTES, 0x2000))
                .isNull();
        assertThat(ReplicaRequest.session(body)).isEqualTo(0x5857565554535251L);
        assertThat(ReplicaRequest.version(body)).isEqualTo(Versions.of(3, 0x0504030201L));
    }

    @Test
    void whatIsSettledIsAVersionAndNoShard() {
        target();
        ReplicaRequest.order(body, 5, 0);
        assertThat(ReplicaRequest.violation(DataMessage.SETTLED, body, ReplicaRequest.BYTES, 0))
                .isEqualTo("version is not positive");
        ReplicaRequest.order(body, 5, Versions.of(3, 9));
        assertThat(ReplicaRequest.violation(DataMessage.SETTLED, body, ReplicaRequest.BYTES, 0))
                .isNull();
        assertThat(DataMessage.SETTLED).isEqualTo(37);
        assertThat(DataMessage.namesShard(DataMessage.SETTLED)).isFalse();
        assertThat(DataMessage.namesShard(DataMessage.REPLICATE_WRITE)).isTrue();
    }

    @Test
    void aCopyThatAsksForRepairSaysWhichDeviceItIs() {
        target();
        ShardRange.range(body, 0x1000, 0x2000, 0);
        ReplicaRequest.order(body, 0x5857565554535251L, 0x04030201);
        assertThat(hex(ReplicaRequest.BYTES).substring(96)).isEqualTo("5152535455565758" + "0102030400000000");
        assertThat(ReplicaRequest.violation(DataMessage.REPAIR, body, ReplicaRequest.BYTES, 0))
                .isNull();
        assertThat(DataMessage.REPAIR).isEqualTo(39);
        assertThat(DataMessage.namesShard(DataMessage.REPAIR)).isTrue();
        assertThat(ReplicaRequest.violation(DataMessage.REPAIR, body, ReplicaRequest.BYTES, 512))
                .contains("payload");
        ReplicaRequest.order(body, 5, 1L << 31);
        assertThat(ReplicaRequest.violation(DataMessage.REPAIR, body, ReplicaRequest.BYTES, 0))
                .contains("number of a device");
        ReplicaRequest.order(body, 5, 7);
        ShardRange.range(body, 0, DataMessage.DATA_BYTES_MAX + 4096, 0);
        assertThat(ReplicaRequest.violation(DataMessage.REPAIR, body, ReplicaRequest.BYTES, 0))
                .contains("more than one request may have");
    }

    @Test
    void answerBodyStandsAsItAlwaysDid() {
        AnswerBody.set(body, 0x04030201, 5, 0x1817161514131211L);
        assertThat(hex(AnswerBody.BYTES)).isEqualTo("01020304" + "05000000" + "1112131415161718");
        assertThat(AnswerBody.epoch(body)).isEqualTo(0x04030201);
        assertThat(AnswerBody.count(body)).isEqualTo(5);
        assertThat(AnswerBody.value(body)).isEqualTo(0x1817161514131211L);
    }

    @Test
    void serviceTimesStandBehindTheAnswerBody() {
        AnswerBody.set(body, 0x04030201, 0, 0);
        ServiceTimes.set(body, 0x24232221, 0x3837363534333231L, 0x4847464544434241L);
        assertThat(hex(ServiceTimes.BYTES))
                .isEqualTo("01020304" + "00000000" + "0000000000000000" + "21222324" + "00000000" + "00000000"
                        + "00000000" + "3132333435363738" + "4142434445464748" + "0000000000000000"
                        + "0000000000000000");
        ServiceTimes.replicas(body, 0x54535251, 0x6867666564636261L, 0x74737271, 0x1817161514131211L);
        assertThat(hex(ServiceTimes.BYTES))
                .isEqualTo("01020304" + "00000000" + "0000000000000000" + "21222324" + "51525354" + "71727374"
                        + "00000000" + "3132333435363738" + "4142434445464748" + "6162636465666768"
                        + "1112131415161718");
        assertThat(ServiceTimes.device(body)).isEqualTo(0x24232221);
        assertThat(ServiceTimes.replica1(body)).isEqualTo(0x54535251);
        assertThat(ServiceTimes.replica2(body)).isEqualTo(0x74737271);
        assertThat(ServiceTimes.queueNs(body)).isEqualTo(0x3837363534333231L);
        assertThat(ServiceTimes.storeNs(body)).isEqualTo(0x4847464544434241L);
        assertThat(ServiceTimes.replica1Ns(body)).isEqualTo(0x6867666564636261L);
        assertThat(ServiceTimes.replica2Ns(body)).isEqualTo(0x1817161514131211L);
    }

    @Test
    void shardEntryStandsAsItAlwaysDid() {
        ShardEntry.set(body, 0, 0x0807060504030201L, 0x14131211, 0x2827262524232221L, 0);
        assertThat(hex(ShardEntry.BYTES)).isEqualTo("0102030405060708" + "11121314" + "00000000" + "2122232425262728");
        assertThat(ShardEntry.isTombstone(body, 0)).isFalse();
        assertThat(ShardEntry.partId(body, 0)).isEqualTo(0x0807060504030201L);
        assertThat(ShardEntry.shardIndex(body, 0)).isEqualTo(0x14131211);
        assertThat(ShardEntry.version(body, 0)).isEqualTo(0x2827262524232221L);
        ShardEntry.set(body, 0, 0x0807060504030201L, 0x14131211, 0x2827262524232221L, ShardEntry.TOMBSTONE);
        assertThat(hex(ShardEntry.BYTES)).isEqualTo("0102030405060708" + "11121314" + "01000000" + "2122232425262728");
        assertThat(ShardEntry.isTombstone(body, 0)).isTrue();
        ShardEntry.digest(body, 0, 0x3837363534333231L);
        assertThat(hex(ShardEntry.DIGEST_BYTES))
                .isEqualTo("0102030405060708" + "11121314" + "01000000" + "2122232425262728" + "3132333435363738");
        assertThat(ShardEntry.digest(body, 0)).isEqualTo(0x3837363534333231L);
    }

    @Test
    void answerCodesKeepTheirNumbers() {
        final String[] names = {
            "OK",
            "STALE_EPOCH",
            "NOT_PRIMARY",
            "FENCED",
            "NO_LEASE",
            "NO_SPACE",
            "IO_ERROR",
            "CORRUPT",
            "BAD_REQUEST",
            "BUSY",
            "NO_SESSION",
            "STALE_VERSION",
            "STALE_REQUEST",
            "OVERLOADED"
        };
        assertThat(AnswerCode.values()).hasSize(names.length);
        for (int code = 0; code < names.length; code++) {
            assertThat(AnswerCode.of(code)).isEqualTo(AnswerCode.valueOf(names[code]));
            assertThat(AnswerCode.valueOf(names[code]).code()).isEqualTo(code);
        }
        assertThat(AnswerCode.of(-1)).isNull();
        assertThat(AnswerCode.of(names.length)).isNull();
    }

    private void target() {
        ShardRange.target(body, 0x0807060504030201L, 9, 0x1817161514131211L, 0x232221, 0x3231, 0x4241);
        ShardRange.range(body, 0x1000, 0x2000, ShardRange.MAY_UNMAP);
    }

    private String hex(int bytes) {
        return HexFormat.of().formatHex(body.asSlice(0, bytes).toArray(ValueLayout.JAVA_BYTE));
    }
}
