package io.basalt.scsi;

import static io.basalt.scsi.ScsiProcessor.DONE;
import static io.basalt.scsi.ScsiProcessor.SUBMIT;
import static io.basalt.scsi.ScsiProcessor.invalidField;
import static io.basalt.scsi.ScsiProcessor.invalidOperation;
import static io.basalt.scsi.ScsiTask.Delivery.FAILED;
import static io.basalt.scsi.ScsiTask.Delivery.OVERRUN;

import io.basalt.block.BlockOperation;
import io.basalt.block.BlockStatus;
import io.basalt.block.IoVector;
import io.basalt.block.RegionTable;
import io.basalt.scsi.ScsiTask.Step;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// The commands that the volume has a part in (SBC-3 section 5). One owner thread.
final class BlockCommands {
    /// What [#begin] answers for a command that is none of these.
    static final int ANOTHER = -1;

    /// Most bytes of a parameter list, or of the two blocks of a COMPARE AND WRITE.
    static final int LIST_LENGTH_MAX = 2 * ScsiProcessor.WORKSPACE_LENGTH;

    private static final int UNMAP_HEADER_LENGTH = 8;
    private static final int UNMAP_DESCRIPTOR_LENGTH = 16;
    private static final int FORCE_UNIT_ACCESS = 0x08;
    private static final int PROTECTION = 0xe0;
    private static final int BYTE_CHECK = 0x06;
    private static final int ANCHOR = 0x10;
    private static final int UNMAP_BIT = 0x08;
    private static final int NO_DATA_OUT = 0x01;
    private static final int START = 0x01;
    private static final int LOAD_OR_EJECT = 0x02;
    private static final int NO_FLUSH = 0x04;

    private final RegionTable workspace;
    private final MemorySegment working;
    private final byte[] list;

    /// What a COMPARE AND WRITE expects, and what it would write.
    private final byte[] compared = new byte[LIST_LENGTH_MAX];

    private boolean comparing;

    /// @param list for parameter lists, at least [#LIST_LENGTH_MAX] bytes; of use only during a call
    BlockCommands(RegionTable workspace, byte[] list) {
        this.workspace = workspace;
        this.working = workspace.segment(0);
        this.list = list;
    }

    int begin(ScsiTask task, int opcode, LogicalUnit unit, Payload payload) {
        final byte[] cdb = task.cdb();
        return switch (opcode) {
            case ScsiSpec.READ_10 -> read(task, BigEndian.load32(cdb, 2), BigEndian.load16(cdb, 7), 7, unit, payload);
            case ScsiSpec.READ_16 -> read(task, BigEndian.load64(cdb, 2), BigEndian.load32(cdb, 10), 10, unit, payload);
            case ScsiSpec.WRITE_10, ScsiSpec.WRITE_AND_VERIFY_10 ->
                write(task, BigEndian.load32(cdb, 2), BigEndian.load16(cdb, 7), 7, unit, payload);
            case ScsiSpec.WRITE_16, ScsiSpec.WRITE_AND_VERIFY_16 ->
                write(task, BigEndian.load64(cdb, 2), BigEndian.load32(cdb, 10), 10, unit, payload);
            case ScsiSpec.READ_12 -> read(task, BigEndian.load32(cdb, 2), BigEndian.load32(cdb, 6), 6, unit, payload);
            case ScsiSpec.WRITE_12, ScsiSpec.WRITE_AND_VERIFY_12 ->
                write(task, BigEndian.load32(cdb, 2), BigEndian.load32(cdb, 6), 6, unit, payload);
            case ScsiSpec.READ_6 ->
                transfer(task, BigEndian.load32(cdb, 0) & 0x1f_ffff, count6(cdb), 4, false, unit, payload);
            case ScsiSpec.WRITE_6 ->
                transfer(task, BigEndian.load32(cdb, 0) & 0x1f_ffff, count6(cdb), 4, true, unit, payload);
            case ScsiSpec.SYNCHRONIZE_CACHE_10 -> flush(task, BigEndian.load32(cdb, 2), BigEndian.load16(cdb, 7), unit);
            case ScsiSpec.SYNCHRONIZE_CACHE_16 ->
                flush(task, BigEndian.load64(cdb, 2), BigEndian.load32(cdb, 10), unit);
            default -> beginRarer(task, opcode, unit, payload);
        };
    }

    private int beginRarer(ScsiTask task, int opcode, LogicalUnit unit, Payload payload) {
        final byte[] cdb = task.cdb();
        return switch (opcode) {
            case ScsiSpec.UNMAP -> unmap(task, unit, payload);
            case ScsiSpec.WRITE_SAME_10 ->
                writeSame(task, BigEndian.load32(cdb, 2), BigEndian.load16(cdb, 7), 7, false, unit, payload);
            case ScsiSpec.WRITE_SAME_16 -> {
                final boolean sendsNothing = (cdb[1] & NO_DATA_OUT) != 0;
                yield writeSame(
                        task, BigEndian.load64(cdb, 2), BigEndian.load32(cdb, 10), 10, sendsNothing, unit, payload);
            }
            case ScsiSpec.COMPARE_AND_WRITE -> compareAndWrite(task, unit, payload);
            case ScsiSpec.VERIFY_10 -> verify(task, BigEndian.load32(cdb, 2), BigEndian.load16(cdb, 7), unit);
            case ScsiSpec.VERIFY_12 -> verify(task, BigEndian.load32(cdb, 2), BigEndian.load32(cdb, 6), unit);
            case ScsiSpec.VERIFY_16 -> verify(task, BigEndian.load64(cdb, 2), BigEndian.load32(cdb, 10), unit);
            case ScsiSpec.START_STOP_UNIT -> startStop(task, unit);
            default -> ANOTHER;
        };
    }

    /// READ(6) and WRITE(6) of no blocks are of 256.
    private static int count6(byte[] cdb) {
        return cdb[4] == 0 ? 256 : BigEndian.load8(cdb, 4);
    }

    // ---- reads and writes

    private static int read(ScsiTask task, long block, long count, int countAt, LogicalUnit unit, Payload payload) {
        if ((task.cdb()[1] & PROTECTION) != 0) {
            return invalidField(task, 1);
        }
        final int verdict = transfer(task, block, count, countAt, false, unit, payload);
        if (verdict == SUBMIT && (task.cdb()[1] & FORCE_UNIT_ACCESS) != 0 && unit.writeCache()) {
            // What is read has to be on the medium: it goes there first.
            task.step = Step.READ;
            task.fillBlock = block;
            task.fillCount = count;
            task.ask(BlockOperation.FLUSH, 0, 0, false, false);
        }
        return verdict;
    }

    private static int write(ScsiTask task, long block, long count, int countAt, LogicalUnit unit, Payload payload) {
        final int flags = task.cdb()[1];
        if ((flags & PROTECTION) != 0) {
            return invalidField(task, 1);
        }
        // WRITE AND VERIFY: what is on the medium is not compared. The same bits are nothing in a WRITE.
        if ((flags & BYTE_CHECK) != 0 && (task.cdb()[0] & 0x0f) == 0x0e) {
            return invalidField(task, 1);
        }
        return transfer(task, block, count, countAt, true, unit, payload);
    }

    private static int transfer(
            ScsiTask task, long block, long count, int countAt, boolean write, LogicalUnit unit, Payload payload) {
        if (!isInside(task, block, count, unit)) {
            return DONE;
        }
        if (write && unit.readOnly()) {
            task.fail(Sense.WRITE_PROTECTED);
            return DONE;
        }
        final int size = unit.blockSize();
        if (count > InquiryPages.TRANSFER_LENGTH_MAX / size) {
            return invalidField(task, countAt);
        }
        if (count == 0) {
            return DONE;
        }
        final int length = (int) count * size;
        if ((write ? payload.outLength() : payload.inLength()) < length) {
            task.deliver(OVERRUN);
            return DONE;
        }
        if (!(write ? payload.mapOut(task.data(), length) : payload.mapIn(task.data(), length))) {
            task.deliver(FAILED);
            return DONE;
        }
        if (write) {
            task.takes(length);
            task.ask(BlockOperation.WRITE, block * size, length, false, isDurable(task.cdb()));
        } else {
            task.gives(length);
            task.ask(BlockOperation.READ, block * size, length, false, false);
        }
        return SUBMIT;
    }

    /// Whether a write is to be on the medium when it is answered. What is verified has to be there.
    private static boolean isDurable(byte[] cdb) {
        return switch (cdb[0] & 0xff) {
            case ScsiSpec.WRITE_6 -> false;
            case ScsiSpec.WRITE_AND_VERIFY_10, ScsiSpec.WRITE_AND_VERIFY_12, ScsiSpec.WRITE_AND_VERIFY_16 -> true;
            default -> (cdb[1] & FORCE_UNIT_ACCESS) != 0;
        };
    }

    /// Whether blocks are on the disk; if not, the command has failed.
    private static boolean isInside(ScsiTask task, long block, long count, LogicalUnit unit) {
        final long blocks = unit.blockCount();
        // In this order nothing overflows.
        if (block >= 0 && block <= blocks && count <= blocks - block) {
            return true;
        }
        task.failInformation(Sense.LBA_OUT_OF_RANGE, block);
        return false;
    }

    private static int flush(ScsiTask task, long block, long count, LogicalUnit unit) {
        if (!isInside(task, block, count, unit) || !unit.writeCache()) {
            return DONE;
        }
        task.ask(BlockOperation.FLUSH, 0, 0, false, false);
        return SUBMIT;
    }

    private static int verify(ScsiTask task, long block, long count, LogicalUnit unit) {
        if ((task.cdb()[1] & (PROTECTION | BYTE_CHECK)) != 0) {
            return invalidField(task, 1);
        }
        final boolean _ = isInside(task, block, count, unit);
        return DONE;
    }

    private static int startStop(ScsiTask task, LogicalUnit unit) {
        final int flags = task.cdb()[4];
        if ((flags & LOAD_OR_EJECT) != 0) {
            return invalidField(task, 4);
        }
        if ((flags & (START | NO_FLUSH)) != 0 || !unit.writeCache()) {
            return DONE;
        }
        task.ask(BlockOperation.FLUSH, 0, 0, false, false);
        return SUBMIT;
    }

    // ---- ranges

    private int unmap(ScsiTask task, LogicalUnit unit, Payload payload) {
        final byte[] cdb = task.cdb();
        final int length = BigEndian.load16(cdb, 7);
        if (!unit.unmaps()) {
            return invalidOperation(task);
        }
        if ((cdb[1] & 1) != 0) {
            return invalidField(task, 1);
        }
        if (unit.readOnly()) {
            task.fail(Sense.WRITE_PROTECTED);
            return DONE;
        }
        if (length == 0) {
            return DONE;
        }
        if (length < UNMAP_HEADER_LENGTH) {
            task.fail(Sense.PARAMETER_LIST_LENGTH_ERROR);
            return DONE;
        }
        if (payload.outLength() < length) {
            task.deliver(OVERRUN);
            return DONE;
        }
        final int taken = Math.min(length, UNMAP_HEADER_LENGTH + ScsiTask.RANGE_COUNT_MAX * UNMAP_DESCRIPTOR_LENGTH);
        if (!payload.read(list, taken)) {
            task.deliver(FAILED);
            return DONE;
        }
        task.takes(length);
        return unmapRanges(task, length, unit);
    }

    /// Every range is checked before the first is unmapped: a command that is refused has changed nothing.
    private int unmapRanges(ScsiTask task, int length, LogicalUnit unit) {
        final int descriptors = BigEndian.load16(list, 2);
        final int count = descriptors / UNMAP_DESCRIPTOR_LENGTH;
        if (descriptors > length - UNMAP_HEADER_LENGTH || BigEndian.load16(list, 0) < descriptors + 6) {
            task.failField(Sense.INVALID_FIELD_IN_PARAMETER_LIST, 0);
            return DONE;
        }
        if (count > ScsiTask.RANGE_COUNT_MAX) {
            task.failField(Sense.INVALID_FIELD_IN_PARAMETER_LIST, 2);
            return DONE;
        }
        long total = 0;
        task.rangeCount = 0;
        for (int i = 0; i < count; i++) {
            final int at = UNMAP_HEADER_LENGTH + i * UNMAP_DESCRIPTOR_LENGTH;
            final long block = BigEndian.load64(list, at);
            final long blocks = BigEndian.load32(list, at + 8);
            if (!isInside(task, block, blocks, unit)) {
                return DONE;
            }
            total += blocks;
            if (total > InquiryPages.UNMAP_BLOCKS_MAX) {
                task.failField(Sense.INVALID_FIELD_IN_PARAMETER_LIST, at + 8);
                return DONE;
            }
            if (blocks > 0) {
                task.range(task.rangeCount, block, blocks);
                task.rangeCount++;
            }
        }
        task.rangeAt = 0;
        return nextRange(task, unit);
    }

    private static int nextRange(ScsiTask task, LogicalUnit unit) {
        final int at = task.rangeAt;
        if (at == task.rangeCount) {
            return DONE;
        }
        task.rangeAt = at + 1;
        task.step = Step.RANGE;
        final int size = unit.blockSize();
        task.ask(unit.unmapOperation(), task.rangeBlock(at) * size, task.rangeCount(at) * size, true, false);
        return SUBMIT;
    }

    // ---- WRITE SAME

    private int writeSame(
            ScsiTask task, long block, long count, int countAt, boolean blank, LogicalUnit unit, Payload payload) {
        final byte[] cdb = task.cdb();
        final boolean unmaps = (cdb[1] & UNMAP_BIT) != 0;
        if ((cdb[1] & (PROTECTION | ANCHOR)) != 0 || (unmaps && !unit.unmaps())) {
            return invalidField(task, 1);
        }
        if (count == 0 || count > InquiryPages.WRITE_SAME_BLOCKS_MAX) {
            return invalidField(task, countAt);
        }
        if (!isInside(task, block, count, unit)) {
            return DONE;
        }
        if (unit.readOnly()) {
            task.fail(Sense.WRITE_PROTECTED);
            return DONE;
        }
        final int size = unit.blockSize();
        if (!blank && payload.outLength() < size) {
            task.deliver(OVERRUN);
            return DONE;
        }
        if (!blank && !payload.read(list, size)) {
            task.deliver(FAILED);
            return DONE;
        }
        task.takes(blank ? 0 : size);
        if (unit.zeroes() && (blank || isZero(list, size))) {
            task.ask(BlockOperation.WRITE_ZEROES, block * size, count * size, unmaps, false);
            return SUBMIT;
        }
        if (blank) {
            return invalidField(task, 1);
        }
        if (!payload.mapOut(task.data(), size)) {
            task.deliver(FAILED);
            return DONE;
        }
        task.fillBlock = block;
        task.fillCount = count;
        task.fillPieces = task.data().count();
        return fill(task, unit);
    }

    private static boolean isZero(byte[] bytes, int length) {
        for (int i = 0; i < length; i++) {
            if (bytes[i] != 0) {
                return false;
            }
        }
        return true;
    }

    /// Write the block that was sent as often as it fits into a request.
    private static int fill(ScsiTask task, LogicalUnit unit) {
        final IoVector data = task.data();
        final int pieces = task.fillPieces;
        final int size = unit.blockSize();
        // The pieces of the first block stay where they are: they are added again as themselves.
        data.reset(data.table());
        long blocks = 0;
        while (blocks < task.fillCount && repeat(data, pieces, task.dataCapacity())) {
            blocks++;
        }
        if (blocks == 0) {
            task.deliver(FAILED);
            return DONE;
        }
        task.ask(BlockOperation.WRITE, task.fillBlock * size, blocks * size, false, false);
        task.fillBlock += blocks;
        task.fillCount -= blocks;
        task.step = task.fillCount == 0 ? Step.LAST : Step.FILL;
        return SUBMIT;
    }

    /// Append a block once more.
    ///
    /// @return false, and nothing is changed, if there is no room for all of it
    private static boolean repeat(IoVector data, int pieces, int capacity) {
        if (data.count() + pieces > capacity) {
            return false;
        }
        for (int i = 0; i < pieces; i++) {
            final boolean added = data.add(data.region(i), data.offset(i), data.length(i));
            assert added;
        }
        return true;
    }

    // ---- COMPARE AND WRITE

    /// One at a time is executed for a unit: another one is told BUSY, and comes again. That it is indivisible holds
    /// among these commands; a WRITE of the same block that is under way may come between.
    private int compareAndWrite(ScsiTask task, LogicalUnit unit, Payload payload) {
        final byte[] cdb = task.cdb();
        final long block = BigEndian.load64(cdb, 2);
        final int count = BigEndian.load8(cdb, 13);
        final int size = unit.blockSize();
        if ((cdb[1] & PROTECTION) != 0) {
            return invalidField(task, 1);
        }
        if (count > InquiryPages.COMPARE_BLOCKS_MAX) {
            return invalidField(task, 13);
        }
        if (!isInside(task, block, count, unit) || count == 0) {
            return DONE;
        }
        if (unit.readOnly()) {
            task.fail(Sense.WRITE_PROTECTED);
            return DONE;
        }
        if (payload.outLength() < 2L * size) {
            task.deliver(OVERRUN);
            return DONE;
        }
        if (comparing || !unit.beginComparison()) {
            task.status(ScsiSpec.BUSY);
            return DONE;
        }
        if (!payload.read(compared, 2 * size)) {
            unit.endComparison();
            task.deliver(FAILED);
            return DONE;
        }
        comparing = true;
        task.takes(2 * size);
        task.step = Step.COMPARE;
        task.data().hold(workspace, 0, 0, size);
        task.ask(BlockOperation.READ, block * size, size, false, false);
        return SUBMIT;
    }

    private int compare(ScsiTask task, LogicalUnit unit) {
        final int size = unit.blockSize();
        for (int i = 0; i < size; i++) {
            if (working.get(ValueLayout.JAVA_BYTE, i) != compared[i]) {
                endComparison(unit);
                task.failInformation(Sense.MISCOMPARE_DURING_VERIFY_OPERATION, i);
                return DONE;
            }
        }
        MemorySegment.copy(compared, size, working, ValueLayout.JAVA_BYTE, 0, size);
        task.step = Step.LAST;
        final boolean durably = (task.cdb()[1] & FORCE_UNIT_ACCESS) != 0;
        task.ask(BlockOperation.WRITE, task.offset(), size, false, durably);
        return SUBMIT;
    }

    private void endComparison(LogicalUnit unit) {
        comparing = false;
        unit.endComparison();
    }

    // ---- what comes after a request

    int proceed(ScsiTask task, BlockStatus status) {
        final LogicalUnit unit = task.nexus().unit();
        if (status != BlockStatus.OK) {
            abandon(task);
            fail(task, status, unit);
            return DONE;
        }
        return switch (task.step) {
            case LAST -> {
                abandon(task);
                yield DONE;
            }
            case READ -> {
                final int size = unit.blockSize();
                task.step = Step.LAST;
                task.ask(BlockOperation.READ, task.fillBlock * size, task.fillCount * size, false, false);
                yield SUBMIT;
            }
            case RANGE -> nextRange(task, unit);
            case FILL -> fill(task, unit);
            case COMPARE -> compare(task, unit);
        };
    }

    /// Nothing more is done for a command.
    void abandon(ScsiTask task) {
        if (comparing && (task.cdb()[0] & 0xff) == ScsiSpec.COMPARE_AND_WRITE) {
            endComparison(task.nexus().unit());
        }
    }

    private static void fail(ScsiTask task, BlockStatus status, LogicalUnit unit) {
        final long block = task.offset() / unit.blockSize();
        switch (status) {
            case UNSUPPORTED -> task.failField(Sense.INVALID_COMMAND_OPERATION_CODE, 0);
            case OUT_OF_RANGE -> task.failInformation(Sense.LBA_OUT_OF_RANGE, block);
            case READ_ONLY -> task.fail(Sense.WRITE_PROTECTED);
            case NO_SPACE -> task.fail(Sense.SPACE_ALLOCATION_FAILED_WRITE_PROTECT);
            case IO_ERROR, OK, PENDING -> {
                final boolean reads = task.operation() == BlockOperation.READ;
                task.failInformation(reads ? Sense.UNRECOVERED_READ_ERROR : Sense.WRITE_ERROR, block);
            }
        }
    }
}
