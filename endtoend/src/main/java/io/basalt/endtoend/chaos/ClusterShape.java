package io.basalt.endtoend.chaos;

/// What a cluster under test is made of.
///
/// @param chunkServers at least three
/// @param deviceBytes size of each one's device, a sparse file
/// @param durability plp or fua
/// @param proxied whether all connections go through proxies that can break them
/// @param seed of what the proxies damage
record ClusterShape(int chunkServers, long deviceBytes, String durability, boolean proxied, long seed) {
    private static final int LEAST = 3;
    private static final int MOST = 9;

    ClusterShape {
        if (chunkServers < LEAST || chunkServers > MOST) {
            throw new IllegalArgumentException("--chunk-servers: " + chunkServers + " is not " + LEAST + " to " + MOST);
        }
        if (!durability.equals("plp") && !durability.equals("fua")) {
            throw new IllegalArgumentException("--durability: '" + durability + "' is not plp or fua");
        }
    }
}
