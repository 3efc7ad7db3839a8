package io.basalt.virtio.scsi;

import static io.basalt.virtio.scsi.ScsiHostSpec.CDB_OFFSET;
import static io.basalt.virtio.scsi.ScsiHostSpec.REQUEST_LENGTH;
import static io.basalt.virtio.scsi.ScsiHostSpec.RESPONSE_LENGTH;
import static io.basalt.virtio.scsi.ScsiHostSpec.TAG_OFFSET;

import io.basalt.block.BlockStatus;
import io.basalt.block.IoVector;
import io.basalt.linux.memory.HostMemory;
import io.basalt.scsi.Payload;
import io.basalt.scsi.ScsiSpec;
import io.basalt.scsi.ScsiTask;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// One command from a request queue: the chain that carries it, and where its answer goes.
///
/// ```
/// readable:  | lun 8 | tag 8 | attributes 3 | CDB 32 | data to the device   |
/// writable:  | response 108: lengths, status, sense  | data from the device |
/// ```
///
/// How the bytes are spread over descriptors does not matter. Header and CDB are copied once.
final class ScsiRequest extends ScsiTask implements Payload {
    /// Called with each request that its volume has completed.
    @FunctionalInterface
    interface Owner {
        void completed(ScsiRequest request, BlockStatus status);
    }

    private final Owner owner;
    private final IoVector response = new IoVector(RESPONSE_LENGTH);
    private final byte[] header;
    private final byte[] staging;
    private @Nullable DescriptorWindow window;
    private long address;
    private long tag;
    private long outLength;
    private long inLength;
    private boolean dataMapped;

    int id;
    long startNs;
    int kind;

    /// Number of the request in the life of its queue.
    long sequence;

    @Nullable
    Lane lane;

    /// The next request in its pool's list of idle or of completed ones.
    @Nullable
    ScsiRequest next;

    BlockStatus result = BlockStatus.OK;
    boolean inUse;

    /// Whether the control reactor is what is waited for.
    boolean onErrand;

    /// What an errand has answered, if one is what was waited for.
    boolean errandEnded;

    int errandOutcome;

    /// @param header bytes that requests of one queue share, at least [ScsiHostSpec#REQUEST_LENGTH]
    /// @param staging the same, at least [ScsiHostSpec#RESPONSE_LENGTH]
    ScsiRequest(Owner owner, int dataCapacity, byte[] header, byte[] staging) {
        super(dataCapacity);
        this.owner = owner;
        this.header = header;
        this.staging = staging;
    }

    @Override
    public void completed(BlockStatus status) {
        owner.completed(this, status);
    }

    /// Whether the chain has room for an answer.
    static boolean hasAnswer(DescriptorWindow from) {
        return from.chain().writableBytes() >= RESPONSE_LENGTH;
    }

    /// Find the place of the answer.
    ///
    /// @return false if it is not guest memory
    boolean findAnswer(DescriptorWindow from) {
        if (window != from) {
            window = from;
        }
        dataMapped = false;
        outLength = Math.max(0, from.chain().readableBytes() - REQUEST_LENGTH);
        inLength = from.chain().writableBytes() - RESPONSE_LENGTH;
        return from.writable(0, RESPONSE_LENGTH, response);
    }

    /// Copy header and CDB.
    ///
    /// @return false if they are not all there
    boolean readHeader(DescriptorWindow from) {
        if (!from.copyOut(0, header, REQUEST_LENGTH)) {
            return false;
        }
        address = load64(0);
        tag = load64(TAG_OFFSET);
        System.arraycopy(header, CDB_OFFSET, cdb(), 0, ScsiSpec.CDB_LENGTH);
        return true;
    }

    private long load64(int at) {
        long value = 0;
        for (int i = Long.BYTES - 1; i >= 0; i--) {
            value = value << 8 | (header[at + i] & 0xff);
        }
        return value;
    }

    /// The address of the logical unit.
    long address() {
        return address;
    }

    /// The name that the driver has given the command.
    long tag() {
        return tag;
    }

    // ---- the initiator's buffers

    private DescriptorWindow window() {
        return Objects.requireNonNull(window, "the answer has been found");
    }

    @Override
    public long outLength() {
        return outLength;
    }

    @Override
    public long inLength() {
        return inLength;
    }

    @Override
    public boolean mapOut(IoVector into, int length) {
        return window().readable(REQUEST_LENGTH, length, into);
    }

    @Override
    public boolean mapIn(IoVector into, int length) {
        dataMapped = window().writable(RESPONSE_LENGTH, length, into);
        return dataMapped;
    }

    @Override
    public boolean read(byte[] into, int length) {
        return window().copyOut(REQUEST_LENGTH, into, length);
    }

    @Override
    public boolean write(byte[] from, int length) {
        return window().copyIn(RESPONSE_LENGTH, from, length);
    }

    // ---- the answer

    /// Write the answer of a command that its target has decided.
    ///
    /// @return bytes written to the chain
    int answer() {
        final int how = switch (delivery()) {
            case COMPLETE -> ScsiHostSpec.VIRTIO_SCSI_S_OK;
            case OVERRUN -> ScsiHostSpec.VIRTIO_SCSI_S_OVERRUN;
            case FAILED -> ScsiHostSpec.VIRTIO_SCSI_S_FAILURE;
        };
        if (dataMapped) {
            // Also if the command failed: part of the data may have come.
            window().mark(data());
        }
        final boolean inbound = movesIn() || outLength == 0;
        write(how, status(), (inbound ? inLength : outLength) - moved());
        return RESPONSE_LENGTH + (movesIn() ? moved() : 0);
    }

    /// Write the answer of a command that no target has seen.
    ///
    /// @return bytes written to the chain
    int refuse(int how) {
        write(how, ScsiSpec.GOOD, 0);
        return RESPONSE_LENGTH;
    }

    private void write(int how, int status, long residual) {
        if (response.count() == 1 && status != ScsiSpec.CHECK_CONDITION) {
            final long place = response.address(0);
            HostMemory.store32(place, 0, 0);
            HostMemory.store32(place, ScsiHostSpec.RESIDUAL_OFFSET, (int) residual);
            HostMemory.store32(place, 8, status << 16 | how << 24);
        } else {
            stage(how, status, residual);
            DescriptorWindow.copyTo(response, staging);
        }
        window().mark(response);
    }

    private void stage(int how, int status, long residual) {
        Arrays.fill(staging, (byte) 0);
        if (status == ScsiSpec.CHECK_CONDITION) {
            // Written where it is short of nothing, then moved to its place.
            final int length = writeSense(staging);
            System.arraycopy(staging, 0, staging, ScsiHostSpec.SENSE_OFFSET, length);
            Arrays.fill(staging, 0, ScsiHostSpec.SENSE_OFFSET, (byte) 0);
            Arrays.fill(staging, ScsiHostSpec.SENSE_OFFSET + length, staging.length, (byte) 0);
            store32(0, length);
        }
        store32(ScsiHostSpec.RESIDUAL_OFFSET, (int) residual);
        staging[ScsiHostSpec.STATUS_OFFSET] = (byte) status;
        staging[ScsiHostSpec.RESPONSE_OFFSET] = (byte) how;
    }

    private void store32(int at, int value) {
        for (int i = 0; i < Integer.BYTES; i++) {
            staging[at + i] = (byte) (value >> (8 * i));
        }
    }
}
