package io.basalt.gate.rpc.method;

import io.basalt.gate.rpc.RpcError;
import java.math.BigInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A set of processors as operators write it: a hexadecimal mask (`0x5`, `5`) or a list (`[0,2-3]`).
final class CpuMask {
    /// One more than the highest processor.
    static final int PROCESSORS_MAX = 1024;

    private static final Pattern MASK = Pattern.compile("(0[xX])?([0-9a-fA-F]{1,256})");
    private static final Pattern RANGE = Pattern.compile("\\s*(\\d{1,4})\\s*(?:-\\s*(\\d{1,4})\\s*)?");

    private CpuMask() {}

    /// The mask in the one form that is kept: `0x` and lower-case hexadecimal digits without leading zeros.
    ///
    /// @throws RpcError if it is neither form, or names no processor
    static String canonical(String field, String given) {
        final BigInteger mask = given.startsWith("[") && given.endsWith("]")
                ? list(field, given.substring(1, given.length() - 1))
                : mask(field, given);
        if (mask.signum() == 0 || mask.bitLength() > PROCESSORS_MAX) {
            throw refused(field, given, "names no processor, or one above " + (PROCESSORS_MAX - 1));
        }
        return "0x" + mask.toString(16);
    }

    /// The mask of one processor.
    static String ofProcessor(int processor) {
        return "0x" + BigInteger.ONE.shiftLeft(processor).toString(16);
    }

    private static BigInteger mask(String field, String given) {
        final Matcher parts = MASK.matcher(given);
        if (!parts.matches()) {
            throw refused(field, given, "is no processor mask");
        }
        return new BigInteger(parts.group(2), 16);
    }

    private static BigInteger list(String field, String given) {
        BigInteger mask = BigInteger.ZERO;
        for (final String part : given.split(",", -1)) {
            final Matcher range = RANGE.matcher(part);
            if (!range.matches()) {
                throw refused(field, given, "is no list of processors");
            }
            final int first = Integer.parseInt(range.group(1));
            final int last = range.group(2) == null ? first : Integer.parseInt(range.group(2));
            if (first > last || last >= PROCESSORS_MAX) {
                throw refused(field, given, "has a range that ends before it begins, or above " + (PROCESSORS_MAX - 1));
            }
            for (int processor = first; processor <= last; processor++) {
                mask = mask.setBit(processor);
            }
        }
        return mask;
    }

    private static RpcError refused(String field, String given, String reason) {
        final String shown = given.length() <= 64 ? given : given.substring(0, 64) + "...";
        return RpcError.invalidParameter(field, "'" + shown + "' " + reason, "write 0x3 or [0,1] or [0-1]");
    }
}
