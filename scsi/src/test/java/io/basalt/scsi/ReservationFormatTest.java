package io.basalt.scsi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.basalt.scsi.Registrations.Registration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The file in which reservations outlive a gate.
class ReservationFormatTest {
    private static final String GOLDEN =
            "42534c5450524553" + "000103000001" + "1122334455667788" + "00010104" + "766d2f30" + "78f1acb0";

    private static final Registrations STATE = new Registrations(
            0,
            List.of(new Registration("vm/0", 0x1122334455667788L, 1)),
            ReservationType.EXCLUSIVE_ACCESS,
            "vm/0",
            true);

    @Test
    void keepsTheBytesOfVersionOne() {
        assertThat(HexFormat.of().formatHex(ReservationFormat.write(STATE))).isEqualTo(GOLDEN);
        assertThat(ReservationFormat.read(HexFormat.of().parseHex(GOLDEN))).isEqualTo(STATE);
    }

    @Test
    void refusesBytesThatAreCutOrChanged() {
        final byte[] whole = ReservationFormat.write(STATE);
        for (int at = 0; at < whole.length; at++) {
            final byte[] cut = Arrays.copyOf(whole, at);
            assertThatIllegalArgumentException().as("cut to %s", at).isThrownBy(() -> ReservationFormat.read(cut));
            final byte[] changed = whole.clone();
            changed[at] ^= 1;
            assertThatIllegalArgumentException()
                    .as("changed at %s", at)
                    .isThrownBy(() -> ReservationFormat.read(changed));
        }
    }
}
