package io.basalt.cli;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A number of bytes, as people write it: `4096`, `4k`, `1M`, `20G`, `2TiB`. Units are powers of 1024.
///
/// @param bytes 0 or more
record ByteSize(long bytes) {
    private static final Pattern FORM = Pattern.compile("(\\d{1,18})\\s*([kmgt]?)(i?b)?", Pattern.CASE_INSENSITIVE);
    private static final String UNITS = "kmgt";
    private static final int UNIT_BITS = 10;

    /// @throws IllegalArgumentException if it is no size, or more than 2^63 bytes
    static ByteSize parse(String text) {
        final Matcher matcher = FORM.matcher(text.strip());
        if (!matcher.matches()) {
            throw new IllegalArgumentException("'" + text + "' is not a size; write 4096, 4k, 1M, 20G or 2T");
        }
        final String unit = matcher.group(2).toLowerCase(Locale.ROOT);
        final int shift = unit.isEmpty() ? 0 : (UNITS.indexOf(unit) + 1) * UNIT_BITS;
        final long number = Long.parseLong(matcher.group(1));
        if (number > Long.MAX_VALUE >> shift) {
            throw new IllegalArgumentException("'" + text + "' is more than 2^63 bytes");
        }
        return new ByteSize(number << shift);
    }

    /// For people: the largest unit with at most one decimal.
    static String text(double bytes) {
        double value = bytes;
        int unit = 0;
        while (value >= 1024 && unit < UNITS.length()) {
            value /= 1024;
            unit++;
        }
        final String name = unit == 0 ? "B" : Character.toUpperCase(UNITS.charAt(unit - 1)) + "iB";
        return String.format(
                Locale.ROOT, value >= 100 || value == Math.rint(value) ? "%.0f %s" : "%.1f %s", value, name);
    }

    @Override
    public String toString() {
        return text((double) bytes);
    }
}
