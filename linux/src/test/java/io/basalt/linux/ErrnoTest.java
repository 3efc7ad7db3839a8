package io.basalt.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ErrnoTest {
    @Test
    void namesAnErrorOfEitherSign() {
        assertThat(Errno.name(28)).isEqualTo("ENOSPC");
        assertThat(Errno.name(-28)).isEqualTo("ENOSPC");
        assertThat(Errno.describe(-28)).isEqualTo("ENOSPC (No space left on device)");
    }

    @Test
    void showsTheNumberOfAnErrorWithoutName() {
        assertThat(Errno.name(41)).isEqualTo("E41");
        assertThat(Errno.name(5000)).isEqualTo("E5000");
    }

    @Test
    void exceptionCarriesCallAttributesAndReason() {
        assertThatThrownBy(() -> LinuxException.check("open", -2, "/nowhere"))
                .isInstanceOfSatisfying(
                        LinuxException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOENT))
                .hasMessage("open(/nowhere) failed: ENOENT (No such file or directory)");
        assertThat(LinuxException.check("open", 7, "/somewhere")).isEqualTo(7);
    }

    @Test
    void systemCallAnswersTheNegatedErrorNumber() {
        assertThat(Syscall.call(Syscall.CLOSE, -1)).isEqualTo(-Errno.EBADF);
        assertThat(Syscall.call(Syscall.GETPID))
                .isEqualTo(ProcessHandle.current().pid());
    }
}
