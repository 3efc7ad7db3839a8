package io.basalt.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.block.BlockOperation;
import io.basalt.block.BlockStatus;
import io.basalt.block.Volume;
import io.basalt.block.VolumeChannel;
import java.util.Arrays;

/// A reactor, memory, and one volume with a channel: runs one request at a time for a test.
public final class TestBench implements AutoCloseable {
    private final TestReactor reactor = new TestReactor(0, 256);
    private final TestMemory memory = new TestMemory(2);
    private final TestRequest request = new TestRequest();
    private Volume volume;
    private VolumeChannel channel;

    public TestBench(Volume volume) {
        this.volume = volume;
        channel = open(volume);
    }

    private VolumeChannel open(Volume opened) {
        final VolumeChannel newChannel = opened.openChannel(reactor.reactor());
        newChannel.useMemory(memory.table());
        return newChannel;
    }

    public TestReactor reactor() {
        return reactor;
    }

    public TestMemory memory() {
        return memory;
    }

    public Volume volume() {
        return volume;
    }

    public VolumeChannel channel() {
        return channel;
    }

    public TestRequest request() {
        return request;
    }

    /// Close the channel and the volume.
    public void closeVolume() {
        assertThat(channel.inFlight()).isZero();
        channel.releaseMemory(memory.table());
        channel.close();
        volume.close();
    }

    /// Go on with another volume, after [#closeVolume].
    public void openVolume(Volume next) {
        volume = next;
        channel = open(next);
    }

    /// Run a request whose vector is filled already.
    public BlockStatus run(TestRequest prepared) {
        prepared.submit(channel);
        reactor.until("request ends", prepared::ended);
        return prepared.status();
    }

    /// Run a request with its data in one aligned piece.
    public BlockStatus run(BlockOperation operation, long offset, long length) {
        request.data().reset(memory.table());
        if (operation == BlockOperation.READ || operation == BlockOperation.WRITE) {
            request.piece(memory, 0, 0, (int) length);
        }
        return run(request.ask(operation, offset, length));
    }

    public BlockStatus write(long offset, byte[] bytes) {
        TestMemory.store(request.piece(memory, 0, 0, bytes.length).data(), bytes, 0);
        return run(BlockOperation.WRITE, offset, bytes.length);
    }

    public byte[] read(long offset, int length) {
        assertThat(run(BlockOperation.READ, offset, length)).isEqualTo(BlockStatus.OK);
        return TestMemory.load(request.data());
    }

    public static byte[] filled(int length, int value) {
        final byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }

    @Override
    public void close() {
        closeVolume();
        reactor.close();
        memory.close();
    }
}
