package io.basalt.gate.qos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.gate.qos.QosClass.Slope;
import io.basalt.testkit.SeededTest;
import java.math.BigInteger;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class QosClassTest {
    private static final long GIB = 1L << 30;
    private static final long MIB = 1L << 20;

    private static long ios(QosClass of, long gib) {
        return Objects.requireNonNull(of.limits(gib * GIB).rate(LimitKind.RW_IOS))
                .perSecond();
    }

    private static double mbytes(QosClass of, long gib) {
        return (double) Objects.requireNonNull(of.limits(gib * GIB).rate(LimitKind.RW_BYTES))
                        .perSecond()
                / MIB;
    }

    @Test
    void theFormulasAreExactAtTheirCorners() {
        assertThat(ios(QosClass.SSD, 10)).isEqualTo(1500);
        assertThat(mbytes(QosClass.SSD, 10)).isEqualTo(85);
        assertThat(mbytes(QosClass.SSD, 11)).isEqualTo(85.5);
        assertThat(ios(QosClass.SSD, 759)).isEqualTo(23_970);
        assertThat(ios(QosClass.SSD, 760)).isEqualTo(24_000);
        assertThat(ios(QosClass.SSD, 761)).isEqualTo(24_000);
        assertThat(mbytes(QosClass.SSD, 360)).isEqualTo(260);
        assertThat(mbytes(QosClass.SSD, 760)).isEqualTo(260);
        assertThat(ios(QosClass.SSD, 23_964)).isEqualTo(24_000);
        assertThat(ios(QosClass.RSSD, 10)).isEqualTo(2300);
        assertThat(mbytes(QosClass.RSSD, 10)).isEqualTo(125);
        assertThat(ios(QosClass.RSSD, 760)).isEqualTo(39_800);
        assertThat(mbytes(QosClass.RSSD, 760)).isEqualTo(500);
        assertThat(ios(QosClass.RSSD, 23_963)).isEqualTo(1_199_950);
        assertThat(ios(QosClass.RSSD, 23_964)).isEqualTo(1_200_000);
        assertThat(ios(QosClass.RSSD, 23_965)).isEqualTo(1_200_000);
        assertThat(mbytes(QosClass.RSSD, 23_964)).isEqualTo(4800);
    }

    @Test
    void sizesBetweenTwoGibibytesCountInPart() {
        assertThat(Objects.requireNonNull(
                                QosClass.SSD.limits(10 * GIB + GIB / 2).rate(LimitKind.RW_IOS))
                        .perSecond())
                .isEqualTo(1515);
    }

    @Test
    void slopesAreExactAtEverySize() {
        SeededTest.run(1000, random -> {
            final long base = random.nextLong(1L << random.nextInt(1, 30));
            final long perGib = random.nextLong(1L << random.nextInt(1, 40));
            final long most = random.nextBoolean() ? 0 : 1 + random.nextLong(1L << random.nextInt(1, 39));
            final long size = random.nextLong(1L << random.nextInt(1, 62));
            final BigInteger exact = BigInteger.valueOf(perGib)
                    .multiply(BigInteger.valueOf(size))
                    .shiftRight(30)
                    .add(BigInteger.valueOf(base));
            final long bound = most == 0 ? Rate.PER_SECOND_MAX : most;
            final long wanted = base == 0 && perGib == 0
                    ? most
                    : exact.min(BigInteger.valueOf(bound)).longValueExact();
            assertThat(new Slope(base, perGib, most).at(size)).isEqualTo(wanted);
        });
    }

    @Test
    void burstsAreInPercentOfTheLimit() {
        final QosClass made = new QosClass("x", new Slope(1000, 0, 0), new Slope(0, 0, 0), 250, 60, 4096);
        final QosLimits limits = made.limits(GIB);
        assertThat(limits.rate(LimitKind.RW_IOS)).isEqualTo(new Rate(1000, 2500, 60));
        assertThat(limits.rate(LimitKind.RW_BYTES)).isNull();
        assertThat(Objects.requireNonNull(limits.rate(LimitKind.RW_IOS)).creditMax())
                .isEqualTo(90_000);
    }

    @Test
    void builtInClassesCannotBeChanged() {
        final QosClasses classes = new QosClasses();
        assertThatThrownBy(() -> classes.define(QosClass.SSD)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> classes.remove("rssd")).isInstanceOf(IllegalArgumentException.class);
        assertThat(classes.remove("unknown")).isFalse();
    }
}
