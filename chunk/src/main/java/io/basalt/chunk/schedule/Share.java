package io.basalt.chunk.schedule;

/// What one volume gets of a device that has not enough for all. Rates count I/Os of up to 16 KiB; a
/// larger one counts as several.
///
/// @param reservation I/Os a second that it gets in any case; 0 for none
/// @param weight of what is left, in proportion to the weights of others that want it; 1 to 65535, 0
///     for what its gate says
/// @param limit I/Os a second at most; 0 for no limit
public record Share(long reservation, int weight, long limit) {
    /// Highest weight.
    public static final int WEIGHT_MAX = 0xffff;

    private static final long RATE_MAX = 1_000_000_000L;

    public Share {
        require("reservation", reservation, RATE_MAX);
        require("weight", weight, WEIGHT_MAX);
        require("limit", limit, RATE_MAX);
        if (limit > 0 && limit < reservation) {
            throw new IllegalArgumentException("share: the limit, " + limit + ", is lower than the reservation, "
                    + reservation + "; raise it, or give 0 for no limit");
        }
    }

    private static void require(String field, long value, long most) {
        if (value < 0 || value > most) {
            throw new IllegalArgumentException("share: " + field + " is " + value + ", expected 0 to " + most);
        }
    }
}
