package io.basalt.store.fault;

import io.basalt.block.BlockOperation;
import io.basalt.block.BlockRequest;
import io.basalt.block.BlockStatus;
import io.basalt.store.VolumeException;
import io.basalt.store.VolumeException.Kind;
import org.jspecify.annotations.Nullable;

/// Which requests of an [ErrorVolume] fail, and how.
///
/// @param operation the operation that fails, or null for any
/// @param offset first byte of the range that fails; a request that touches the range is a match
/// @param length bytes of the range, at least 1; `Long.MAX_VALUE` for everything from the offset on
/// @param everyNth of the matching requests, one in this many fails: 1 for each, at least 1. Flushes match any
///     range
/// @param count how many requests fail before the rule is used up, at least 1; `Long.MAX_VALUE` for no end
/// @param status the answer; neither OK nor PENDING
public record ErrorRule(
        @Nullable BlockOperation operation, long offset, long length, long everyNth, long count, BlockStatus status) {
    /// @throws VolumeException if a parameter is out of its range
    public ErrorRule {
        require(offset >= 0, "offset", "must not be negative");
        require(length >= 1, "length", "must be at least 1");
        require(everyNth >= 1, "every_nth", "must be at least 1");
        require(count >= 1, "num", "must be at least 1");
        require(status != BlockStatus.OK && status != BlockStatus.PENDING, "error_type", "must be a failure");
    }

    /// Every request of an operation fails for ever.
    public static ErrorRule always(@Nullable BlockOperation operation, BlockStatus status) {
        return new ErrorRule(operation, 0, Long.MAX_VALUE, 1, Long.MAX_VALUE, status);
    }

    private static void require(boolean holds, String field, String reason) {
        if (!holds) {
            throw new VolumeException(Kind.INVALID, field, reason, "correct the rule");
        }
    }

    boolean matches(BlockRequest request) {
        if (operation != null && operation != request.operation()) {
            return false;
        }
        if (request.operation() == BlockOperation.FLUSH) {
            return true;
        }
        // Differences of non-negative numbers do not overflow; sums with Long.MAX_VALUE would.
        return request.offset() - offset < length && offset - request.offset() < request.length();
    }
}
