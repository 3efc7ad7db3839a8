package io.basalt.store.chunk;

/// What a [ChunkStore] is opened with.
///
/// @param durability what it takes on this device to make a write durable
/// @param cacheBytes memory for shards' metadata pages, at least [#CACHE_BYTES_MIN]; [#CACHE_BYTES_DEFAULT] means
///     512 MiB per TiB of data, 64 MiB at least, and no more than all pages need
/// @param operationCount operations (of at most 64 KiB each) that can be under way at once, 16 to 32768; more wait
public record StoreOptions(Durability durability, long cacheBytes, int operationCount) {
    /// Cache size: in proportion to the device.
    public static final long CACHE_BYTES_DEFAULT = 0;

    /// Least cache: 16 pages.
    public static final long CACHE_BYTES_MIN = 16L * 4096;

    private static final int OPERATION_COUNT_DEFAULT = 512;

    public StoreOptions {
        if (cacheBytes != CACHE_BYTES_DEFAULT && cacheBytes < CACHE_BYTES_MIN) {
            throw new IllegalArgumentException("cacheBytes must be 0 or at least 65536, is " + cacheBytes);
        }
        if (operationCount < 16 || operationCount > 1 << 15) {
            throw new IllegalArgumentException("operationCount must be 16 to 32768, is " + operationCount);
        }
    }

    /// The usual bounds.
    public static StoreOptions of(Durability durability) {
        return new StoreOptions(durability, CACHE_BYTES_DEFAULT, OPERATION_COUNT_DEFAULT);
    }

    /// The same with another cache.
    public StoreOptions withCacheBytes(long bytes) {
        return new StoreOptions(durability, bytes, operationCount);
    }

    /// The same with another number of operations.
    public StoreOptions withOperationCount(int count) {
        return new StoreOptions(durability, cacheBytes, count);
    }
}
