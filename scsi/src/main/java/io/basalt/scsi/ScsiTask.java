package io.basalt.scsi;

import io.basalt.block.BlockOperation;
import io.basalt.block.BlockRequest;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// One command on its way: what was asked, the request that is made of it, and how it ended. Preallocated by a
/// transport, which fills in the [#cdb()], gives it to [ScsiProcessor#begin] and answers it when that says so.
///
/// A command is made of steps, each a request to the volume; [Step] says what comes when one has gone well.
///
/// ```
///  READ, WRITE, SYNCHRONIZE CACHE, WRITE SAME of zeros      request ─▶ answer
///  READ with FUA           flush ─▶ READ ─▶ answer
///  UNMAP                   range ─▶ RANGE ─▶ ... ─▶ answer
///  WRITE SAME              fill ─▶ FILL ─▶ ... ─▶ answer
///  COMPARE AND WRITE       read ─▶ COMPARE ─▶ write ─▶ LAST ─▶ answer
/// ```
public abstract class ScsiTask extends BlockRequest {
    /// Most ranges of an UNMAP.
    static final int RANGE_COUNT_MAX = 64;

    /// What comes after the request that is under way.
    enum Step {
        /// Nothing: the command is done.
        LAST,
        /// The read that a flush came before.
        READ,
        /// The next range.
        RANGE,
        /// More of the same block.
        FILL,
        /// The comparison, and then the write.
        COMPARE
    }

    /// How the answer gets to the initiator, beside the SCSI status.
    public enum Delivery {
        /// The status says it.
        COMPLETE,
        /// The command needed more room than the initiator gave.
        OVERRUN,
        /// The initiator's buffers cannot be used.
        FAILED
    }

    private final byte[] cdb = new byte[ScsiSpec.CDB_LENGTH];
    private final long[] rangeBlocks = new long[RANGE_COUNT_MAX];
    private final long[] rangeCounts = new long[RANGE_COUNT_MAX];

    int rangeCount;
    int rangeAt;
    Step step = Step.LAST;

    /// Position and number of the blocks that are left to fill, and pieces of a block.
    long fillBlock;

    long fillCount;
    int fillPieces;

    private final int dataCapacity;
    private @Nullable Nexus nexus;
    private @Nullable ReservationRequest errand;
    private Delivery delivery = Delivery.COMPLETE;
    private int status;
    private int condition;
    private boolean hasInformation;
    private long information;
    private int field;
    private int moved;
    private boolean movesIn;

    /// @param dataCapacity most pieces of data
    protected ScsiTask(int dataCapacity) {
        super(dataCapacity);
        this.dataCapacity = dataCapacity;
    }

    /// Most pieces of data.
    final int dataCapacity() {
        return dataCapacity;
    }

    /// The command descriptor block, to be filled in by the transport: zero behind what it carries.
    public final byte[] cdb() {
        return cdb;
    }

    final void reset(Nexus by) {
        // A load and a branch cost less than the collector's store barrier.
        if (nexus != by) {
            nexus = by;
        }
        if (errand != null) {
            errand = null;
        }
        if (step != Step.LAST) {
            step = Step.LAST;
        }
        if (delivery != Delivery.COMPLETE) {
            delivery = Delivery.COMPLETE;
        }
        status = ScsiSpec.GOOD;
        condition = Sense.NO_SENSE;
        hasInformation = false;
        field = Sense.NO_FIELD;
        moved = 0;
        movesIn = false;
    }

    final Nexus nexus() {
        return Objects.requireNonNull(nexus, "the command has begun");
    }

    // ---- what the volume is asked

    final void ask(BlockOperation operation, long offset, long length, boolean mayUnmap, boolean durably) {
        durable(durably);
        prepare(operation, offset, length, mayUnmap);
    }

    final void range(int at, long block, long count) {
        rangeBlocks[at] = block;
        rangeCounts[at] = count;
    }

    final long rangeBlock(int at) {
        return rangeBlocks[at];
    }

    final long rangeCount(int at) {
        return rangeCounts[at];
    }

    final void errand(ReservationRequest wanted) {
        errand = wanted;
    }

    final ReservationRequest errand() {
        return Objects.requireNonNull(errand, "the command has one");
    }

    // ---- how it ended

    /// Bytes have come from the initiator.
    final void takes(int bytes) {
        moved = bytes;
        movesIn = false;
    }

    /// Bytes go to the initiator.
    final void gives(int bytes) {
        moved = bytes;
        movesIn = true;
    }

    final void status(int newStatus) {
        status = newStatus;
    }

    final void deliver(Delivery how) {
        delivery = how;
        moved = 0;
    }

    /// It ended with CHECK CONDITION.
    final void fail(int newCondition) {
        status = ScsiSpec.CHECK_CONDITION;
        condition = newCondition;
        moved = 0;
    }

    /// The same, with the byte of the CDB or the parameter list that is wrong.
    final void failField(int newCondition, int at) {
        fail(newCondition);
        field = at;
    }

    /// The same, with a value for the information field.
    final void failInformation(int newCondition, long value) {
        fail(newCondition);
        hasInformation = true;
        information = value;
    }

    /// How the answer gets to the initiator.
    public final Delivery delivery() {
        return delivery;
    }

    /// SCSI status.
    public final int status() {
        return status;
    }

    /// Bytes moved.
    public final int moved() {
        return moved;
    }

    /// Whether they go to the initiator.
    public final boolean movesIn() {
        return movesIn;
    }

    /// Write the sense data of a command that ended with CHECK CONDITION.
    ///
    /// @param to at least [ScsiSpec#SENSE_LENGTH_MAX] bytes
    /// @return bytes written
    public final int writeSense(byte[] to) {
        return Sense.write(to, nexus().descriptorSense(), condition, hasInformation, information, field);
    }
}
