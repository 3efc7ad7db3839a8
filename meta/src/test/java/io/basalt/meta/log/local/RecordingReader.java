package io.basalt.meta.log.local;

import io.basalt.meta.log.LogReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// A state that is the list of all entries read.
final class RecordingReader implements LogReader {
    final List<String> entries = new ArrayList<>();
    long lastIndex;
    boolean leads;
    String failure = "";

    @Override
    public void restore(long index, byte[] snapshot) {
        entries.clear();
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
        lastIndex = index;
        entries.add(new String(entry, StandardCharsets.UTF_8));
    }

    @Override
    public byte[] snapshot() {
        int length = 0;
        for (final String entry : entries) {
            length += Integer.BYTES + entry.length();
        }
        final ByteBuffer out = ByteBuffer.allocate(length);
        for (final String entry : entries) {
            out.putInt(entry.length()).put(entry.getBytes(StandardCharsets.UTF_8));
        }
        return out.array();
    }

    @Override
    public void leading(boolean nowLeads) {
        leads = nowLeads;
    }

    @Override
    public void failed(String reason) {
        failure = reason;
    }
}
