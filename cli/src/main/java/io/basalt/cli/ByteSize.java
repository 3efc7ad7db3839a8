package io.basalt.cli;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A number of bytes, as people write it: `4096`, `4k`, `1M`, `20G`, `2TiB`. Units are powers of 1024.
///
/// @param bytes 0 or more
public record ByteSize(long bytes) {
    private static final Pattern FORM =
            Pattern.compile("(\\d{1,18})(\\.\\d{1,3})?\\s*([kmgtp]?)(i?b?)", Pattern.CASE_INSENSITIVE);
    private static final String UNITS = "kmgtp";
    private static final int UNIT_BITS = 10;

    /// The size that a text stands for.
    ///
    /// @throws IllegalArgumentException if it is no size, no whole number of bytes, or more than 2^63 bytes
    public static ByteSize parse(String text) {
        final Matcher matcher = FORM.matcher(text.strip());
        if (!matcher.matches()) {
            throw new IllegalArgumentException("'" + text + "' is not a size; write 4096, 4k, 1M, 20G, 1.5T or 2TiB");
        }
        final String unit = matcher.group(3).toLowerCase(Locale.ROOT);
        final int shift = unit.isEmpty() ? 0 : (UNITS.indexOf(unit) + 1) * UNIT_BITS;
        final long number = Long.parseLong(matcher.group(1));
        if (number > Long.MAX_VALUE >> shift) {
            throw new IllegalArgumentException("'" + text + "' is more than 2^63 bytes");
        }
        final String fraction = matcher.group(2);
        if (fraction == null) {
            return new ByteSize(number << shift);
        }
        if (shift == 0) {
            throw new IllegalArgumentException("'" + text + "' is no whole number of bytes");
        }
        final long part = Math.round(Double.parseDouble("0" + fraction) * (1L << shift));
        return new ByteSize((number << shift) + part);
    }

    /// For people: the largest unit with at most one decimal.
    public static String text(long bytes) {
        return text((double) bytes);
    }

    /// For people: the largest unit with at most one decimal.
    public static String text(double bytes) {
        double value = bytes;
        int unit = 0;
        while (value >= 1024 && unit < UNITS.length()) {
            value /= 1024;
            unit++;
        }
        final String name = unit == 0 ? "B" : Character.toUpperCase(UNITS.charAt(unit - 1)) + "iB";
        final String number = String.format(Locale.ROOT, value >= 100 ? "%.0f" : "%.1f", value);
        return number.replaceFirst("\\.0$", "") + " " + name;
    }

    @Override
    public String toString() {
        return text(bytes);
    }
}
