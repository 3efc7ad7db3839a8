package io.basalt.meta.state;

import io.basalt.wire.meta.FieldReader;
import io.basalt.wire.meta.FieldWriter;
import io.basalt.wire.meta.RequestId;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The newest requests that had an effect, so that one that comes again does not have it twice. Bounded: the oldest
/// is forgotten, which is long after its client has given up.
final class RequestHistory {
    static final int SIZE_MAX = 1 << 15;

    /// What a request led to.
    ///
    /// @param fingerprint of the command: the same identity with another content is an error of the client's
    /// @param value the result's
    record Done(int fingerprint, long value) {}

    private final Map<RequestId, Done> done = new LinkedHashMap<>();

    /// What a request led to, null if it is not known.
    @Nullable
    Done find(RequestId id) {
        return done.get(id);
    }

    /// Note what a request led to.
    void add(RequestId id, int fingerprint, long value) {
        if (done.size() == SIZE_MAX) {
            final Iterator<RequestId> oldest = done.keySet().iterator();
            oldest.next();
            oldest.remove();
        }
        done.put(id, new Done(fingerprint, value));
    }

    void write(FieldWriter writer) {
        writer.putInt(done.size());
        done.forEach((id, entry) -> {
            id.write(writer);
            writer.putInt(entry.fingerprint).putLong(entry.value);
        });
    }

    void read(FieldReader reader) {
        final int count = reader.takeCount("requests", SIZE_MAX, 16 + 4 + 8);
        for (int index = 0; index < count; index++) {
            final RequestId id = RequestId.read(reader);
            final int fingerprint = reader.takeInt("fingerprint");
            done.put(id, new Done(fingerprint, reader.takeLong("value")));
        }
    }
}
