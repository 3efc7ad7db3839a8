package io.basalt.gate.holder;

import io.basalt.gate.handover.Bottle;
import io.basalt.gate.handover.HandoverMessage;
import io.basalt.gate.handover.HandoverMessage.Prepare;
import io.basalt.gate.handover.HolderMessage.Disk;
import io.basalt.linux.file.FileDescriptor;
import io.basalt.wire.meta.MetaFormatException;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// What a holder holds, put where its next life finds it: `marks`, `life.N` for the gate's sign of life,
/// and `told.N` for the base and for each disk, as a [Bottle]. The higher number is the later one, and
/// what is replaced is removed after it: whatever moment the holder dies at, the last of each thing is
/// there.
final class Deposits {
    private static final System.Logger LOG = System.getLogger(Deposits.class.getName());
    private static final String LIFE = "life.";
    private static final String TOLD = "told.";
    private static final String BASE = "";

    private final Depository depository;
    private final Map<String, String> names = new HashMap<>();
    private @Nullable String lifeName;
    private long next = 1;

    Deposits(Depository depository) {
        this.depository = depository;
    }

    /// What an earlier life has put away.
    ///
    /// @param life the gate's sign of life, or -1
    /// @param base as it was told last, or null
    /// @param disks in the order in which they were told
    record Found(int life, @Nullable Prepare base, List<Disk> disks) {}

    /// Keep another gate's sign of life.
    void life(int fd) {
        final String before = lifeName;
        final String name = LIFE + next++;
        depository.put(name, fd);
        lifeName = name;
        if (before != null) {
            depository.remove(before);
        }
    }

    /// Keep another base. Disks that it does not name are gone.
    void base(Prepare base) {
        tell(BASE, base);
        final List<String> disks =
                base.disks().stream().map(disk -> disk.name()).toList();
        names.entrySet().removeIf(known -> {
            final boolean gone = !known.getKey().equals(BASE) && !disks.contains(known.getKey());
            if (gone) {
                depository.remove(known.getValue());
            }
            return gone;
        });
    }

    /// Keep a disk as it is now.
    void disk(Disk disk) {
        tell(disk.image().name(), disk);
    }

    private void tell(String of, HandoverMessage message) {
        final String name = TOLD + next++;
        final int bottle = Bottle.seal(message);
        depository.put(name, bottle);
        FileDescriptor.close(bottle);
        final String before = names.put(of, name);
        if (before != null) {
            depository.remove(before);
        }
    }

    /// Keep nothing but the marks.
    void clear() {
        names.values().forEach(depository::remove);
        names.clear();
        final String life = lifeName;
        lifeName = null;
        if (life != null) {
            depository.remove(life);
        }
    }

    /// Look at what there is. It is taken out; what is to stay is to be put away again.
    ///
    /// @param kept by name; all but the marks is this method's
    Found find(Map<String, Integer> kept) {
        final Map<Long, Integer> lives = new TreeMap<>();
        final Map<Long, Integer> told = new TreeMap<>();
        kept.forEach((name, fd) -> {
            if (number(name, LIFE) > 0) {
                lives.put(number(name, LIFE), fd);
            } else if (number(name, TOLD) > 0) {
                told.put(number(name, TOLD), fd);
            } else if (!name.equals(Holder.MARKS)) {
                FileDescriptor.close(fd);
            }
            next = Math.max(next, 1 + Math.max(number(name, LIFE), number(name, TOLD)));
        });
        int life = -1;
        for (final int fd : lives.values()) {
            close(life);
            life = fd;
        }
        return opened(life, told);
    }

    private static Found opened(int life, Map<Long, Integer> told) {
        Prepare base = null;
        final List<Disk> disks = new ArrayList<>();
        for (final int bottle : told.values()) {
            try {
                switch (Bottle.open(bottle)) {
                    case Prepare later -> {
                        close(base);
                        base = later;
                    }
                    case Disk disk -> disks.add(disk);
                    case HandoverMessage other -> close(other);
                }
            } catch (MetaFormatException unusable) {
                LOG.log(
                        Level.WARNING,
                        "something that an earlier holder has left is of no use: {0}",
                        unusable.getMessage());
            }
        }
        return new Found(life, base, disks);
    }

    static void close(int fd) {
        if (fd >= 0) {
            FileDescriptor.close(fd);
        }
    }

    static void close(@Nullable HandoverMessage message) {
        if (message != null) {
            Held.descriptors(message).forEach(FileDescriptor::close);
        }
    }

    /// The number behind a prefix; 0 if it is another name.
    private static long number(String name, String prefix) {
        final String rest = name.startsWith(prefix) ? name.substring(prefix.length()) : "";
        return rest.matches("[0-9]{1,18}") ? Long.parseLong(rest) : 0;
    }

    /// Names of an earlier life, which are removed when everything of it is put away under others.
    void forget(Map<String, Integer> kept) {
        kept.keySet().stream().filter(name -> !name.equals(Holder.MARKS)).forEach(depository::remove);
    }
}
