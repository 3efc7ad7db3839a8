package io.basalt.gate.handover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.gate.handover.HandoverMessage.Prepare;
import io.basalt.gate.handover.HandoverMessage.VolumeFile;
import io.basalt.linux.file.FileDescriptor;
import io.basalt.linux.file.FileStatus;
import io.basalt.linux.memory.MemFd;
import io.basalt.linux.socket.UnixSocket;
import io.basalt.wire.meta.MetaFormatException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BottleTest {
    @Test
    void holdsALongMessageWithManyDescriptorsAfterTheirOwnersHaveClosedThem() {
        final List<MemFd> files = IntStream.range(0, 600)
                .mapToObj(i -> MemFd.create("file", 4096L + i))
                .toList();
        final String configuration = "x".repeat(1 << 20);
        final int bottle = Bottle.seal(new Prepare(
                configuration,
                files.getFirst().fd(),
                -1,
                files.stream()
                        .skip(1)
                        .map(file -> new VolumeFile("volume", file.fd()))
                        .toList(),
                List.of()));
        files.forEach(MemFd::close);

        final Prepare message = (Prepare) Bottle.open(bottle);
        assertThat(message.configuration()).isEqualTo(configuration);
        assertThat(message.rpcListener()).isEqualTo(-1);
        assertThat(FileStatus.of(message.lock()).size()).isEqualTo(4096);
        FileDescriptor.close(message.lock());
        for (int i = 0; i < 599; i++) {
            final int fd = message.files().get(i).fd();
            assertThat(FileStatus.of(fd).size()).isEqualTo(4097 + i);
            FileDescriptor.close(fd);
        }
    }

    @Test
    void saysWhatIsNoBottle() {
        final UnixSocket.Pair empty = UnixSocket.pair();
        empty.left().close();
        assertThatThrownBy(() -> Bottle.open(empty.right().release()))
                .isInstanceOf(MetaFormatException.class)
                .hasMessageContaining("empty");
        final UnixSocket.Pair strange = UnixSocket.pair();
        try (Arena arena = Arena.ofConfined()) {
            strange.left().send(arena.allocateFrom(ValueLayout.JAVA_BYTE, (byte) 'x'), 0, 1);
        }
        strange.left().close();
        assertThatThrownBy(() -> Bottle.open(strange.right().release()))
                .isInstanceOf(MetaFormatException.class)
                .hasMessageContaining("no bottle");
    }
}
