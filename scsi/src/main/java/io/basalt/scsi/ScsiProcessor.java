package io.basalt.scsi;

import static io.basalt.scsi.ScsiTask.Delivery.FAILED;
import static io.basalt.scsi.ScsiTask.Delivery.OVERRUN;

import io.basalt.block.BlockStatus;
import io.basalt.block.RegionTable;
import io.basalt.scsi.ReservationRequest.Action;
import java.lang.foreign.MemorySegment;

/// The device server (SAM-5): executes commands for one queue of a transport, up to the requests that the volume has
/// to answer.
///
/// The way of a command: [#begin] decides it, or prepares a request; the transport submits that, and says with
/// [#proceed] how it ended; which decides the command or prepares the next one. A command that changes reservations is
/// taken to the control reactor and back: [#runErrand], [#errandDone].
///
/// What an initiator sent is copied once and judged in the copy. Nothing here throws, and reads, writes, flushes and
/// unmaps allocate nothing. One owner thread.
public final class ScsiProcessor {
    /// The command is answered.
    public static final int DONE = 0;
    /// The task is a request, to be submitted to the volume.
    public static final int SUBMIT = 1;
    /// [#runErrand] is to be called on the control reactor, [#errandDone] here.
    public static final int ERRAND = 2;

    private static final int NACA = 0x04;

    /// Where the control byte is in a CDB, by the group of its operation code; 31 is always zero.
    private static final byte[] CONTROL_AT = {5, 9, 9, 31, 15, 11, 31, 31};

    private final ParameterData data = new ParameterData();
    private final byte[] list = new byte[BlockCommands.LIST_LENGTH_MAX];
    private final byte[] senseData = new byte[ScsiSpec.SENSE_LENGTH_MAX];
    private final BlockCommands blocks;

    /// @param workspace memory of the queue's own, one region of at least [#WORKSPACE_LENGTH] bytes
    public ScsiProcessor(RegionTable workspace) {
        blocks = new BlockCommands(workspace, list);
    }

    /// Bytes of memory that a processor needs for itself: the largest block.
    public static final int WORKSPACE_LENGTH = 4096;

    /// Memory for a processor.
    public static RegionTable workspace(MemorySegment memory) {
        return new RegionTable(java.util.List.of(memory), true);
    }

    /// Begin a command.
    ///
    /// @param task with its CDB filled in
    /// @param lun number of the logical unit that was addressed; there is only unit 0
    /// @return [#DONE], [#SUBMIT] or [#ERRAND]
    public int begin(ScsiTask task, Nexus nexus, int lun, Payload payload) {
        task.reset(nexus);
        final byte[] cdb = task.cdb();
        final int opcode = BigEndian.load8(cdb, 0);
        if (lun != 0) {
            return beginElsewhere(task, opcode, payload);
        }
        final int controlAt = CONTROL_AT[opcode >> 5];
        if ((cdb[controlAt] & NACA) != 0) {
            // Auto contingent allegiance is not offered (SAM-5 5.9.2).
            return invalidField(task, controlAt);
        }
        if (nexus.hasAttention() && !isUnattended(opcode)) {
            final int condition = nexus.takeAttention();
            if (condition != Sense.NO_SENSE) {
                task.fail(condition);
                return DONE;
            }
        }
        if ((nexus.denied() & Command.need(opcode)) != 0) {
            task.status(ScsiSpec.RESERVATION_CONFLICT);
            return DONE;
        }
        final int verdict = blocks.begin(task, opcode, nexus.unit(), payload);
        return verdict == BlockCommands.ANOTHER ? beginOther(task, opcode, nexus, payload) : verdict;
    }

    /// The commands that a unit attention does not stop (SAM-5 5.14.1).
    private static boolean isUnattended(int opcode) {
        return opcode == ScsiSpec.INQUIRY || opcode == ScsiSpec.REPORT_LUNS || opcode == ScsiSpec.REQUEST_SENSE;
    }

    private int beginOther(ScsiTask task, int opcode, Nexus nexus, Payload payload) {
        final byte[] cdb = task.cdb();
        data.clear();
        return switch (opcode) {
            case ScsiSpec.TEST_UNIT_READY -> DONE;
            case ScsiSpec.REQUEST_SENSE -> requestSense(task, nexus, payload);
            case ScsiSpec.INQUIRY -> inquiry(task, nexus, payload);
            case ScsiSpec.MODE_SENSE_6 -> modeSense(task, false, nexus, BigEndian.load8(cdb, 4), payload);
            case ScsiSpec.MODE_SENSE_10 -> modeSense(task, true, nexus, BigEndian.load16(cdb, 7), payload);
            case ScsiSpec.MODE_SELECT_6 -> modeSelect(task, false, nexus, BigEndian.load8(cdb, 4), payload);
            case ScsiSpec.MODE_SELECT_10 -> modeSelect(task, true, nexus, BigEndian.load16(cdb, 7), payload);
            case ScsiSpec.READ_CAPACITY_10 -> readCapacity10(task, nexus.unit(), payload);
            case ScsiSpec.SERVICE_ACTION_IN_16 -> serviceActionIn(task, nexus.unit(), payload);
            case ScsiSpec.REPORT_LUNS -> reportLuns(task, nexus, payload);
            case ScsiSpec.MAINTENANCE_IN -> maintenanceIn(task, nexus.unit(), payload);
            case ScsiSpec.RESERVE_6, ScsiSpec.RESERVE_10 -> errand(task, Action.RESERVE_UNIT);
            case ScsiSpec.RELEASE_6, ScsiSpec.RELEASE_10 -> errand(task, Action.RELEASE_UNIT);
            case ScsiSpec.PERSISTENT_RESERVE_IN -> reserveIn(task, nexus.unit(), payload);
            case ScsiSpec.PERSISTENT_RESERVE_OUT -> reserveOut(task, payload);
            default -> invalidOperation(task);
        };
    }

    static int invalidOperation(ScsiTask task) {
        task.failField(Sense.INVALID_COMMAND_OPERATION_CODE, 0);
        return DONE;
    }

    static int invalidField(ScsiTask task, int at) {
        task.failField(Sense.INVALID_FIELD_IN_CDB, at);
        return DONE;
    }

    /// A unit that is not there (SPC-4 5.12).
    private int beginElsewhere(ScsiTask task, int opcode, Payload payload) {
        data.clear();
        return switch (opcode) {
            case ScsiSpec.INQUIRY -> {
                InquiryPages.standard(data, false);
                yield answer(task, payload, BigEndian.load16(task.cdb(), 3));
            }
            case ScsiSpec.REQUEST_SENSE -> senseAnswer(task, Sense.LOGICAL_UNIT_NOT_SUPPORTED, payload);
            case ScsiSpec.REPORT_LUNS -> reportLuns(task, task.nexus(), payload);
            default -> {
                task.fail(Sense.LOGICAL_UNIT_NOT_SUPPORTED);
                yield DONE;
            }
        };
    }

    /// Give the initiator what was made, as far as it wants it.
    private int answer(ScsiTask task, Payload payload, long allocation) {
        final int length = (int) Math.min(data.length(), allocation);
        if (length > payload.inLength()) {
            task.deliver(OVERRUN);
        } else if (length > 0 && !payload.write(data.bytes(), length)) {
            task.deliver(FAILED);
        } else {
            task.gives(length);
        }
        return DONE;
    }

    private int requestSense(ScsiTask task, Nexus nexus, Payload payload) {
        return senseAnswer(task, nexus.takeAttention(), payload);
    }

    private int senseAnswer(ScsiTask task, int condition, Payload payload) {
        final boolean descriptors = (task.cdb()[1] & 1) != 0;
        final int length = Sense.write(senseData, descriptors, condition, false, 0, Sense.NO_FIELD);
        for (int i = 0; i < length; i++) {
            data.put8(senseData[i]);
        }
        return answer(task, payload, BigEndian.load8(task.cdb(), 4));
    }

    private int inquiry(ScsiTask task, Nexus nexus, Payload payload) {
        final byte[] cdb = task.cdb();
        final int page = BigEndian.load8(cdb, 2);
        final boolean vital = (cdb[1] & 1) != 0;
        if (!vital && page != 0) {
            return invalidField(task, 2);
        }
        if (!vital) {
            InquiryPages.standard(data, true);
        } else if (!InquiryPages.page(data, page, nexus)) {
            return invalidField(task, 2);
        }
        return answer(task, payload, BigEndian.load16(cdb, 3));
    }

    private int modeSense(ScsiTask task, boolean ten, Nexus nexus, int allocation, Payload payload) {
        final int wrong = ModePages.sense(data, task.cdb(), ten, nexus);
        if (wrong != Sense.NO_SENSE) {
            task.failField(wrong, 2);
            return DONE;
        }
        return answer(task, payload, allocation);
    }

    private int modeSelect(ScsiTask task, boolean ten, Nexus nexus, int length, Payload payload) {
        if ((task.cdb()[1] & 0x11) != 0x10) {
            // Pages that are not in the standard's format, or that are to be saved.
            return invalidField(task, 1);
        }
        if (length == 0) {
            return DONE;
        }
        if (length > list.length) {
            return invalidField(task, ten ? 7 : 4);
        }
        if (!take(task, payload, length)) {
            return DONE;
        }
        final int wrong = ModePages.select(list, length, ten, nexus);
        if (wrong != Sense.NO_SENSE) {
            task.fail(wrong);
        }
        return DONE;
    }

    /// Copy a parameter list.
    private boolean take(ScsiTask task, Payload payload, int length) {
        if (payload.outLength() < length) {
            task.deliver(OVERRUN);
            return false;
        }
        if (!payload.read(list, length)) {
            task.deliver(FAILED);
            return false;
        }
        task.takes(length);
        return true;
    }

    private int readCapacity10(ScsiTask task, LogicalUnit unit, Payload payload) {
        final byte[] cdb = task.cdb();
        if ((cdb[8] & 1) == 0 && BigEndian.load32(cdb, 2) != 0) {
            return invalidField(task, 2);
        }
        data.put32(Math.min(unit.blockCount() - 1, 0xffff_ffffL)).put32(unit.blockSize());
        return answer(task, payload, data.length());
    }

    private int serviceActionIn(ScsiTask task, LogicalUnit unit, Payload payload) {
        final byte[] cdb = task.cdb();
        if ((cdb[1] & 0x1f) != ScsiSpec.READ_CAPACITY_16) {
            return invalidField(task, 1);
        }
        if ((cdb[14] & 1) == 0 && BigEndian.load64(cdb, 2) != 0) {
            return invalidField(task, 2);
        }
        final int provisioning = unit.unmaps() ? 0x80 | (unit.unmapZeroes() ? 0x40 : 0) : 0;
        data.put64(unit.blockCount() - 1).put32(unit.blockSize()).put8(0).put8(0);
        data.put8(provisioning).put8(0).zeros(16);
        return answer(task, payload, BigEndian.load32(cdb, 10));
    }

    private int reportLuns(ScsiTask task, Nexus nexus, Payload payload) {
        final byte[] cdb = task.cdb();
        final int which = BigEndian.load8(cdb, 2);
        final long allocation = BigEndian.load32(cdb, 6);
        if (which > 2) {
            return invalidField(task, 2);
        }
        if (allocation < 16) {
            return invalidField(task, 6);
        }
        nexus.lunsReported();
        // There are no well known units, which is what 1 asks for.
        data.put32(which == 1 ? 0 : 8).put32(0).zeros(which == 1 ? 0 : 8);
        return answer(task, payload, allocation);
    }

    private int maintenanceIn(ScsiTask task, LogicalUnit unit, Payload payload) {
        final byte[] cdb = task.cdb();
        switch (cdb[1] & 0x1f) {
            case ScsiSpec.REPORT_SUPPORTED_OPERATION_CODES -> {
                if (SupportedCommands.report(data, cdb, unit) != Sense.NO_SENSE) {
                    return invalidField(task, 2);
                }
            }
            case ScsiSpec.REPORT_SUPPORTED_TASK_MANAGEMENT_FUNCTIONS -> {
                // ABORT TASK, ABORT TASK SET, CLEAR TASK SET, LOGICAL UNIT RESET; then I_T NEXUS RESET, QUERY
                // TASK, QUERY TASK SET.
                final boolean extended = (cdb[2] & 0x80) != 0;
                data.put8(0xd8).put8(0x07).put8(0).put8(extended ? 12 : 0).zeros(extended ? 12 : 0);
            }
            default -> {
                return invalidField(task, 1);
            }
        }
        return answer(task, payload, BigEndian.load32(cdb, 6));
    }

    private int reserveIn(ScsiTask task, LogicalUnit unit, Payload payload) {
        final byte[] cdb = task.cdb();
        final Registrations state = unit.reservations().current();
        if (!ReservationCommands.report(data, cdb[1] & 0x1f, state)) {
            return invalidField(task, 1);
        }
        return answer(task, payload, BigEndian.load16(cdb, 7));
    }

    private int reserveOut(ScsiTask task, Payload payload) {
        final long length = BigEndian.load32(task.cdb(), 5);
        if (length != ReservationCommands.LIST_LENGTH) {
            task.fail(Sense.PARAMETER_LIST_LENGTH_ERROR);
            return DONE;
        }
        if (!take(task, payload, ReservationCommands.LIST_LENGTH)) {
            return DONE;
        }
        final int wrong = ReservationCommands.parse(task.cdb(), list, task);
        if (wrong != Sense.NO_SENSE) {
            task.failField(wrong, wrong == Sense.INVALID_FIELD_IN_CDB ? 1 : 20);
            return DONE;
        }
        return ERRAND;
    }

    private static int errand(ScsiTask task, Action action) {
        task.errand(ReservationRequest.ofUnit(action));
        return ERRAND;
    }

    /// Do on the control reactor what a command wants there.
    ///
    /// @param done run once, now or later, with what [#errandDone] is to be told
    public static void runErrand(ScsiTask task, java.util.function.IntConsumer done) {
        task.nexus().unit().reservations().execute(task.nexus(), task.errand(), done);
    }

    /// Decide a command whose errand is done.
    public static void errandDone(ScsiTask task, int outcome) {
        if (outcome < 0) {
            task.fail(-outcome);
        } else if (outcome != ScsiSpec.GOOD) {
            task.takes(0);
            task.status(outcome);
        }
    }

    /// Go on with a command whose request has ended.
    ///
    /// @return [#DONE] or [#SUBMIT]
    public int proceed(ScsiTask task, BlockStatus status) {
        return blocks.proceed(task, status);
    }

    /// Forget a command whose request has ended and that nobody is to hear of any more.
    public void abandon(ScsiTask task) {
        blocks.abandon(task);
    }
}
