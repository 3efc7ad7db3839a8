package io.basalt.scsi;

import org.jspecify.annotations.Nullable;

/// What a persistent reservation takes from whom (SPC-4 table 66).
enum ReservationType {
    WRITE_EXCLUSIVE(1, Command.Need.WRITE, false, false),
    EXCLUSIVE_ACCESS(3, Command.Need.READ | Command.Need.WRITE, false, false),
    WRITE_EXCLUSIVE_REGISTRANTS_ONLY(5, Command.Need.WRITE, true, false),
    EXCLUSIVE_ACCESS_REGISTRANTS_ONLY(6, Command.Need.READ | Command.Need.WRITE, true, false),
    WRITE_EXCLUSIVE_ALL_REGISTRANTS(7, Command.Need.WRITE, true, true),
    EXCLUSIVE_ACCESS_ALL_REGISTRANTS(8, Command.Need.READ | Command.Need.WRITE, true, true);

    /// The types as REPORT CAPABILITIES shows them: a bit for each.
    static final int MASK_FIRST = 0xea;

    static final int MASK_SECOND = 0x01;

    private final int code;
    private final int denies;
    private final boolean sparesRegistrants;
    private final boolean heldByAll;

    ReservationType(int code, int denies, boolean sparesRegistrants, boolean heldByAll) {
        this.code = code;
        this.denies = denies;
        this.sparesRegistrants = sparesRegistrants;
        this.heldByAll = heldByAll;
    }

    static @Nullable ReservationType of(int code) {
        for (final ReservationType type : values()) {
            if (type.code == code) {
                return type;
            }
        }
        return null;
    }

    int code() {
        return code;
    }

    /// The needs that others cannot have.
    int denies() {
        return denies;
    }

    /// Whether every registrant may do what the holder may.
    boolean sparesRegistrants() {
        return sparesRegistrants;
    }

    /// Whether every registrant is a holder.
    boolean heldByAll() {
        return heldByAll;
    }
}
