package io.basalt.simulation;

import java.util.Locale;

/// What runs have to come to, see [Coverage].
public enum Sighting {
    /// Another device became primary.
    FAIL_OVER,
    /// A take-over was broken off while copies were compared.
    FAIL_OVER_WHILE_COMPARING,
    /// Another device became primary while one more copy was out of sync.
    FAIL_OVER_WHILE_DEGRADED,
    /// A copy that was left out has come back.
    COPY_RETURNED,
    /// A read was refused because a lease was over.
    LEASE_OVER,
    /// A request was refused because a newer attachment exists.
    FENCED,
    /// A request came again and was not executed again.
    REPEATED,
    /// A change was taken back.
    UNDONE,
    /// A change waited because too few copies are in sync.
    TOO_FEW_COPIES,
    /// A request was refused because there was too much to do.
    BUSY,
    /// A request was refused because it could not have been served in time.
    OVERLOADED,
    /// Requests of the same blocks met.
    ORDER_WAIT,
    /// A corrupt block was written anew from another copy.
    REPAIRED,
    /// Copies differed and were brought together.
    RECONCILED,
    /// A tombstone was let go.
    TOMBSTONE_FORGOTTEN,
    /// A change ended for its guest without an answer.
    UNKNOWN_CHANGE,
    /// A read or comparison found a block that does not match its checksum.
    CORRUPT_BLOCK,
    /// A log was so full that pages were written.
    CHECKPOINT,
    /// A shard took a second slot.
    SECOND_SLOT,
    /// Recovery found a record whose content was not there.
    RECORD_REJECTED,
    /// Recovery found a shard whose metadata is lost.
    SHARD_DAMAGED,
    /// A disk could not be opened any more.
    DISK_REFUSED,
    /// A write found no space.
    NO_SPACE,
    /// The metaserver died, or ceased to lead, with commands under way, and some of them took effect.
    UNCERTAIN_WISH,
    /// The metaserver ceased to lead and led again.
    LEADER_CHANGE,
    /// A bit of the unlucky disk flipped, where bits do all the time.
    FLIP,
    /// A gate tried changes again in order.
    RETRY_IN_ORDER,
    /// A gate heard nothing on a connection and gave it up.
    SILENT_CONNECTION,
    /// What is written for a copy that was away was measured.
    REPAIR_MEASURED,
    /// Others took the place of a device that hung.
    HANG_OUTLIVED,
    /// The copies of a device that stayed away were made anew elsewhere.
    MADE_ANEW,
    /// A gate was handed over to a new process.
    HANDED_OVER,
    /// A hand-over was broken off.
    NOT_HANDED_OVER,
    /// A process became the gate because the one before had died.
    ORPHANED_GATE,
    /// No process of a gate was left.
    GATE_RESTARTED,
    /// A new process was the gate, and the old one took everything back.
    LATE_COMMITTED;

    /// Whether it is about gates that are handed over.
    boolean isOfHandOvers() {
        return compareTo(HANDED_OVER) >= 0;
    }

    String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
}
