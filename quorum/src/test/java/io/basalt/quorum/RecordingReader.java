package io.basalt.quorum;

import io.basalt.meta.log.LogReader;
import io.basalt.meta.log.Replica;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A state that is the list of all entries read. An entry that begins with [#UNKNOWN] is not understood if the
/// reader is an old one.
final class RecordingReader implements LogReader {
    static final String UNKNOWN = "unknown:";

    final List<String> entries = new ArrayList<>();
    final boolean old;
    long lastIndex;
    int restores;
    boolean leads;
    boolean halted;

    @Nullable
    Replica leader;

    String failure = "";

    RecordingReader(boolean old) {
        this.old = old;
    }

    @Override
    public void restore(long index, byte[] snapshot) {
        entries.clear();
        restores++;
        final ByteBuffer in = ByteBuffer.wrap(snapshot);
        while (in.hasRemaining()) {
            final byte[] entry = new byte[in.getInt()];
            in.get(entry);
            entries.add(new String(entry, StandardCharsets.UTF_8));
        }
        lastIndex = index;
    }

    @Override
    public void committed(long index, byte[] entry) {
        if (index != lastIndex + 1) {
            throw new AssertionError("entry " + index + " follows " + lastIndex);
        }
        final String text = new String(entry, StandardCharsets.UTF_8);
        if (halted || (old && text.startsWith(UNKNOWN))) {
            halted = true;
            return;
        }
        lastIndex = index;
        entries.add(text);
    }

    @Override
    public byte @Nullable [] snapshot() {
        if (halted) {
            return null;
        }
        final List<byte[]> parts = new ArrayList<>();
        int length = 0;
        for (final String entry : entries) {
            final byte[] bytes = entry.getBytes(StandardCharsets.UTF_8);
            parts.add(bytes);
            length += Integer.BYTES + bytes.length;
        }
        final ByteBuffer out = ByteBuffer.allocate(length);
        parts.forEach(bytes -> out.putInt(bytes.length).put(bytes));
        return out.array();
    }

    @Override
    public void leading(boolean nowLeads) {
        leads = nowLeads;
    }

    @Override
    public void following(@Nullable Replica now) {
        leader = now;
    }

    @Override
    public boolean follows() {
        return !halted;
    }

    @Override
    public void failed(String reason) {
        failure = reason;
        leads = false;
    }
}
