package io.basalt.gate.holder;

import io.basalt.gate.controller.SessionKeeper;
import io.basalt.gate.handover.HandoverMessage.DiskImage;
import io.basalt.gate.handover.HolderMessage.Disk;
import io.basalt.virtio.vhostuser.SessionImage;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;

/// Keeps one disk's session with the holder, and its mark true. Control reactor.
///
/// The mark is busy from [#hears()] on, and while the last version is not in the holder's socket.
final class DiskKeeper implements SessionKeeper {
    private static final int NO_SLOT = -1;

    private final String name;
    private final BiPredicate<Disk, Runnable> sender;
    private @Nullable Marks marks;
    private int slot = NO_SLOT;
    private long version;
    private boolean hears;
    private boolean sent;
    private @Nullable Runnable waits;

    /// @param sender sends a message, and runs the command when it is in the holder's socket; false if
    ///     it cannot be sent
    DiskKeeper(String name, BiPredicate<Disk, Runnable> sender) {
        this.name = name;
        this.sender = sender;
    }

    String name() {
        return name;
    }

    /// The slot of its mark, or -1.
    int slot() {
        return slot;
    }

    /// Begin to keep.
    ///
    /// @param freeSlot its mark from now on
    /// @param known version that the holder knows and that is true, or -1 for none
    void begin(Marks shared, int freeSlot, long known) {
        marks = shared;
        slot = freeSlot;
        version = known < 0 ? shared.version(freeSlot) : known;
        sent = known >= 0;
        hears = false;
        mark();
    }

    /// Keep nothing from now on: nobody waits any more.
    void end() {
        marks = null;
        slot = NO_SLOT;
        keptNow();
    }

    private void mark() {
        final Marks shared = marks;
        if (shared != null) {
            shared.mark(slot, version, hears || !sent);
        }
    }

    private void keptNow() {
        final Runnable waiting = waits;
        waits = null;
        if (waiting != null) {
            waiting.run();
        }
    }

    @Override
    public boolean active() {
        return marks != null;
    }

    @Override
    public void hears() {
        hears = true;
        mark();
    }

    @Override
    public void heardNothing() {
        hears = false;
        mark();
    }

    @Override
    public void keep(boolean writeback, int connection, @Nullable SessionImage session, Runnable kept) {
        // Who waits for an older version waits for this one.
        final Runnable before = waits;
        waits = before == null
                ? kept
                : () -> {
                    before.run();
                    kept.run();
                };
        if (marks == null) {
            keptNow();
            return;
        }
        version++;
        sent = false;
        hears = false;
        mark();
        final long told = version;
        final Disk disk = new Disk(slot, told, writeback, new DiskImage(name, -1, connection, session));
        if (!sender.test(disk, () -> arrived(told))) {
            keptNow();
        }
    }

    private void arrived(long told) {
        if (told == version && marks != null) {
            sent = true;
            mark();
            keptNow();
        }
    }
}
