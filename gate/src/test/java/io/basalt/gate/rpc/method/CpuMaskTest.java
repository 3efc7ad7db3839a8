package io.basalt.gate.rpc.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.gate.rpc.RpcError;
import org.junit.jupiter.api.Test;

class CpuMaskTest {
    @Test
    void writesEveryFormAsOne() {
        assertThat(CpuMask.canonical("m", "0x05")).isEqualTo("0x5");
        assertThat(CpuMask.canonical("m", "F")).isEqualTo("0xf");
        assertThat(CpuMask.canonical("m", "[0, 2-3]")).isEqualTo("0xd");
        assertThat(CpuMask.canonical("m", "[1023]")).hasSize(2 + 256);
        assertThat(CpuMask.ofProcessor(4)).isEqualTo("0x10");
    }

    @Test
    void refusesWhatNamesNoProcessors() {
        for (final String wrong : new String[] {"", "0", "0x", "[]", "[1", "[2-1]", "[1024]", "[-1]", "[1,,2]", "zz"}) {
            assertThatThrownBy(() -> CpuMask.canonical("cpumask", wrong))
                    .as(wrong)
                    .isInstanceOfSatisfying(
                            RpcError.class, error -> assertThat(error.field()).isEqualTo("cpumask"));
        }
    }
}
