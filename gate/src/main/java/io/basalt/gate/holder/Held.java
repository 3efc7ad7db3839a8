package io.basalt.gate.holder;

import io.basalt.gate.handover.HandoverMessage;
import io.basalt.gate.handover.HandoverMessage.DiskImage;
import io.basalt.gate.handover.HandoverMessage.Prepare;
import io.basalt.gate.handover.HolderMessage.Disk;
import io.basalt.gate.handover.HolderMessage.Enlist;
import io.basalt.gate.handover.HolderMessage.Enlisted;
import io.basalt.virtio.vhostuser.SessionImage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/// What a holder keeps of one gate: the base, and each disk as last told. Owns the descriptors.
final class Held {
    private final IntConsumer closer;
    private final Map<String, Disk> disks = new LinkedHashMap<>();
    private @Nullable Prepare base;

    /// @param closer closes descriptors that front ends had a hand in, which may take its time
    Held(IntConsumer closer) {
        this.closer = closer;
    }

    /// The configuration and what belongs to it; null before it was told.
    @Nullable
    Prepare base() {
        return base;
    }

    /// Every disk that was told of.
    List<Disk> disks() {
        return List.copyOf(disks.values());
    }

    /// Keep another base. Disks that it does not name are gone.
    void base(Prepare next) {
        final Prepare before = base;
        base = next;
        final Set<String> names = new HashSet<>();
        next.disks().forEach(disk -> names.add(disk.name()));
        for (final String name : List.copyOf(disks.keySet())) {
            if (!names.contains(name)) {
                close(disks.remove(name));
            }
        }
        close(before);
    }

    /// Keep a disk as it is now.
    ///
    /// @return whether the base names it; otherwise it is not kept
    boolean disk(Disk next) {
        final String name = next.image().name();
        final Prepare known = base;
        if (known == null
                || known.disks().stream().noneMatch(disk -> disk.name().equals(name))) {
            close(next);
            return false;
        }
        close(disks.put(name, next));
        return true;
    }

    /// Names of disks whose front ends cannot be served on.
    List<String> lost(Marks marks) {
        final Map<String, Boolean> known = new HashMap<>();
        disks.values().forEach(disk -> known.put(disk.image().name(), isCertain(disk, marks)));
        return known.entrySet().stream()
                .filter(entry -> !entry.getValue())
                .map(Map.Entry::getKey)
                .sorted()
                .toList();
    }

    /// What a gate had in flight is only known from an inflight region.
    private static boolean isCertain(Disk disk, Marks marks) {
        final SessionImage session = disk.image().session();
        if (session == null) {
            return true;
        }
        return marks.is(disk.slot(), disk.version())
                && (session.inflight() != null || session.rings().stream().noneMatch(SessionImage.RingImage::runs));
    }

    /// Keep nothing any more.
    void clear() {
        final Prepare before = base;
        base = null;
        close(before);
        disks.values().forEach(this::close);
        disks.clear();
    }

    private void close(@Nullable HandoverMessage told) {
        if (told != null) {
            descriptors(told).forEach(closer::accept);
        }
    }

    /// Every descriptor of a message.
    static List<Integer> descriptors(HandoverMessage message) {
        final List<Integer> fds = new ArrayList<>();
        switch (message) {
            case Prepare told -> {
                fds.add(told.lock());
                fds.add(told.rpcListener());
                told.files().forEach(file -> fds.add(file.fd()));
                told.disks().forEach(disk -> addAll(disk, fds));
            }
            case Disk disk -> addAll(disk.image(), fds);
            case Enlist enlist -> fds.add(enlist.life());
            case Enlisted enlisted -> fds.add(enlisted.marks());
            default -> {}
        }
        fds.removeIf(fd -> fd < 0);
        return fds;
    }

    private static void addAll(DiskImage disk, List<Integer> fds) {
        fds.add(disk.listener());
        fds.add(disk.connection());
        final SessionImage session = disk.session();
        if (session != null) {
            fds.addAll(session.descriptors());
        }
    }
}
