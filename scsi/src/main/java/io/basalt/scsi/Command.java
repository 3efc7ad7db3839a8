package io.basalt.scsi;

import static io.basalt.scsi.Command.Need.ALWAYS;
import static io.basalt.scsi.Command.Need.OPEN;
import static io.basalt.scsi.Command.Need.READ;
import static io.basalt.scsi.Command.Need.WRITE;

import java.util.HexFormat;

/// The commands that a logical unit knows, with what REPORT SUPPORTED OPERATION CODES says of each.
enum Command {
    TEST_UNIT_READY(OPEN, "000000000000"),
    REQUEST_SENSE(ALWAYS, "03010000ff00"),
    READ_6(READ, "081fffffff00"),
    WRITE_6(WRITE, "0a1fffffff00"),
    INQUIRY(ALWAYS, "1201ffffff00"),
    MODE_SELECT_6(WRITE, "15110000ff00"),
    RESERVE_6(OPEN, "160000000000"),
    RELEASE_6(ALWAYS, "170000000000"),
    MODE_SENSE_6(READ, "1a08ffffff00"),
    START_STOP_UNIT(OPEN, "1b01000ff700"),
    READ_CAPACITY_10(OPEN, "25000000000000000000"),
    READ_10(READ, "2818ffffffff00ffff00"),
    WRITE_10(WRITE, "2a18ffffffff00ffff00"),
    WRITE_AND_VERIFY_10(WRITE, "2e10ffffffff00ffff00"),
    VERIFY_10(READ, "2f10ffffffff00ffff00"),
    SYNCHRONIZE_CACHE_10(WRITE, "3506ffffffff00ffff00"),
    WRITE_SAME_10(WRITE, "4108ffffffff00ffff00"),
    UNMAP(WRITE, "420000000000" + "00ffff00"),
    MODE_SELECT_10(WRITE, "55110000000000ffff00"),
    RESERVE_10(OPEN, "56000000000000000000"),
    RELEASE_10(ALWAYS, "57000000000000000000"),
    MODE_SENSE_10(READ, "5a18ffff000000ffff00"),
    PR_IN_READ_KEYS(OPEN, 0, "5e1f0000000000ffff00"),
    PR_IN_READ_RESERVATION(OPEN, 1, "5e1f0000000000ffff00"),
    PR_IN_REPORT_CAPABILITIES(OPEN, 2, "5e1f0000000000ffff00"),
    PR_IN_READ_FULL_STATUS(OPEN, 3, "5e1f0000000000ffff00"),
    PR_OUT_REGISTER(OPEN, 0, "5f1fff0000ffffffff00"),
    PR_OUT_RESERVE(OPEN, 1, "5f1fff0000ffffffff00"),
    PR_OUT_RELEASE(OPEN, 2, "5f1fff0000ffffffff00"),
    PR_OUT_CLEAR(OPEN, 3, "5f1fff0000ffffffff00"),
    PR_OUT_PREEMPT(OPEN, 4, "5f1fff0000ffffffff00"),
    PR_OUT_PREEMPT_AND_ABORT(OPEN, 5, "5f1fff0000ffffffff00"),
    PR_OUT_REGISTER_AND_IGNORE(OPEN, 6, "5f1fff0000ffffffff00"),
    READ_16(READ, "8818ffffffffffffffffffffffff0000"),
    COMPARE_AND_WRITE(WRITE, "8918ffffffffffffffff000000ff0000"),
    WRITE_16(WRITE, "8a18ffffffffffffffffffffffff0000"),
    WRITE_AND_VERIFY_16(WRITE, "8e10ffffffffffffffffffffffff0000"),
    VERIFY_16(READ, "8f10ffffffffffffffffffffffff0000"),
    SYNCHRONIZE_CACHE_16(WRITE, "9106ffffffffffffffffffffffff0000"),
    WRITE_SAME_16(WRITE, "9309ffffffffffffffffffffffff0000"),
    READ_CAPACITY_16(OPEN, 0x10, "9e1fffffffffffffffffffffffff0100"),
    REPORT_LUNS(ALWAYS, "a000ff000000ffffffff0000"),
    REPORT_SUPPORTED_OPERATION_CODES(OPEN, 0x0c, "a31f87ffffffffffffff0000"),
    REPORT_SUPPORTED_TASK_MANAGEMENT_FUNCTIONS(OPEN, 0x0d, "a31f80000000ffffffff0000"),
    READ_12(READ, "a818ffffffffffffffff0000"),
    WRITE_12(WRITE, "aa18ffffffffffffffff0000"),
    WRITE_AND_VERIFY_12(WRITE, "ae10ffffffffffffffff0000"),
    VERIFY_12(READ, "af10ffffffffffffffff0000");

    /// What of a logical unit a command needs, as bits that [Nexus#denied()] takes away.
    static final class Need {
        /// Nothing that a reservation of another nexus takes away.
        static final int ALWAYS = 0;
        /// To read the medium, or what is said of it.
        static final int READ = 1;
        /// To change the medium, or what is said of it.
        static final int WRITE = 2;
        /// That no other nexus has reserved the unit with RESERVE.
        static final int OPEN = 4;

        private Need() {}
    }

    private static final int OPCODES = 256;
    private static final byte[] NEEDS = new byte[OPCODES];

    static {
        for (final Command command : values()) {
            NEEDS[command.opcode()] = (byte) command.need;
        }
    }

    private final int need;
    private final int serviceAction;
    private final String usage;

    Command(int need, String usage) {
        this(need, -1, usage);
    }

    Command(int need, int serviceAction, String usage) {
        this.need = need;
        this.serviceAction = serviceAction;
        this.usage = serviceAction < 0
                ? usage
                : usage.substring(0, 2) + HexFormat.of().toHexDigits((byte) serviceAction) + usage.substring(4);
    }

    /// What a command needs; unknown ones need nothing.
    static int need(int opcode) {
        return NEEDS[opcode];
    }

    int opcode() {
        return usage(0) & 0xff;
    }

    /// Its service action, or -1 if its operation code has none.
    int serviceAction() {
        return serviceAction;
    }

    /// Bytes of its CDB.
    int length() {
        return usage.length() / 2;
    }

    /// The CDB usage data (SPC-4 6.35.3): operation code and service action, then which bits mean something.
    byte usage(int at) {
        return (byte) HexFormat.fromHexDigits(usage, 2 * at, 2 * at + 2);
    }

    /// Whether a unit knows it.
    boolean availableAt(LogicalUnit unit) {
        return switch (this) {
            case UNMAP -> unit.unmaps();
            default -> true;
        };
    }
}
