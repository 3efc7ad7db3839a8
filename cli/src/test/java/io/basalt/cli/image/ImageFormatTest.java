package io.basalt.cli.image;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ImageFormatTest {
    @Test
    void isWhatWasAskedForThenWhatTheNameSaysThenRaw() {
        assertThat(ImageFormat.of("vm.qcow2", null)).isEqualTo(ImageFormat.QCOW2);
        assertThat(ImageFormat.of("vm.QCOW2", null)).isEqualTo(ImageFormat.QCOW2);
        assertThat(ImageFormat.of("https://host/a/vm.vmdk", null)).isEqualTo(ImageFormat.VMDK);
        assertThat(ImageFormat.of("vm.qcow2", ImageFormat.RAW)).isEqualTo(ImageFormat.RAW);
        assertThat(ImageFormat.of("vm.img", null)).isEqualTo(ImageFormat.RAW);
        assertThat(ImageFormat.of("vm", null)).isEqualTo(ImageFormat.RAW);
        assertThat(ImageFormat.of("-", null)).isEqualTo(ImageFormat.RAW);
        assertThat(ImageFormat.of("/qcow2/vm", null)).isEqualTo(ImageFormat.RAW);
    }
}
