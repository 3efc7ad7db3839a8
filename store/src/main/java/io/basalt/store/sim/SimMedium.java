package io.basalt.store.sim;

import io.basalt.reactor.RandomSource;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The sectors of a simulated disk: what is on the medium, and what only its volatile cache holds.
///
/// A sector that was written several times since it was last durable may hold any of those contents after a
/// power cut, or the durable one: the disk destages when it likes. Sectors are independent of each other,
/// so a write of several is torn.
final class SimMedium {
    static final int SECTOR_BYTES = 512;

    private static final int FIRST_SECTORS = 1024;

    /// One content of a sector in the cache.
    private static final class Cached {
        final long stamp;
        final byte[] content;

        Cached(long stamp, byte[] content) {
            this.stamp = stamp;
            this.content = content;
        }
    }

    /// By sector, null where none was ever written; grows with need.
    private byte[] @Nullable [] durable = new byte[FIRST_SECTORS][];

    private final Map<Long, ArrayDeque<Cached>> cache = new LinkedHashMap<>();
    private long stamp;

    /// A sector's present content, not to be changed; null if it was never written.
    byte @Nullable [] content(long sector) {
        final ArrayDeque<Cached> cached = cache.isEmpty() ? null : cache.get(sector);
        return cached != null ? cached.getLast().content : durable(sector);
    }

    private byte @Nullable [] durable(long sector) {
        return sector < durable.length ? durable[(int) sector] : null;
    }

    private void durable(long sector, byte[] content) {
        if (sector >= durable.length) {
            durable = Arrays.copyOf(durable, Math.toIntExact(Math.max(sector + 1, 2L * durable.length)));
        }
        durable[(int) sector] = content;
    }

    /// Write a sector.
    ///
    /// @param content handed over
    /// @param forced whether it is on the medium at once
    void write(long sector, byte[] content, boolean forced) {
        if (forced) {
            if (!cache.isEmpty()) {
                cache.remove(sector);
            }
            durable(sector, content);
        } else {
            cache.computeIfAbsent(sector, _ -> new ArrayDeque<>()).add(new Cached(++stamp, content));
        }
    }

    /// What a flush that starts now will make durable.
    long stamp() {
        return stamp;
    }

    /// Everything written up to a stamp is on the medium.
    void flush(long upTo) {
        final Iterator<Map.Entry<Long, ArrayDeque<Cached>>> sectors =
                cache.entrySet().iterator();
        while (sectors.hasNext()) {
            final Map.Entry<Long, ArrayDeque<Cached>> sector = sectors.next();
            final ArrayDeque<Cached> contents = sector.getValue();
            while (!contents.isEmpty() && contents.getFirst().stamp <= upTo) {
                durable(sector.getKey(), contents.removeFirst().content);
            }
            if (contents.isEmpty()) {
                sectors.remove();
            }
        }
    }

    /// The power fails: each sector of the cache has got to some content it held, or to none.
    void cut(RandomSource random) {
        // Most cuts hit a disk that has destaged nearly all or nearly nothing; some hit it in between.
        final long bias = random.nextLong() & 3;
        for (final Map.Entry<Long, ArrayDeque<Cached>> sector : cache.entrySet()) {
            final ArrayDeque<Cached> contents = sector.getValue();
            final int most = contents.size();
            int kept = (int) Long.remainderUnsigned(random.nextLong(), most + 1);
            if (bias == 0) {
                kept = 0;
            } else if (bias == 1) {
                kept = most;
            }
            for (int i = 0; i < kept; i++) {
                durable(sector.getKey(), contents.removeFirst().content);
            }
        }
        cache.clear();
    }

    /// Flip one bit of a sector, on the medium and in the cache.
    void rot(long sector, int bit) {
        final byte[] before = content(sector);
        final byte[] content = before == null ? new byte[SECTOR_BYTES] : before.clone();
        content[bit >>> 3] ^= (byte) (1 << (bit & 7));
        cache.remove(sector);
        durable(sector, content);
    }

    boolean isWritten(long sector) {
        return content(sector) != null;
    }
}
