package io.basalt.chunk;

/// How far a device's [Scrub] is. Times are ages, in nanoseconds of the reactor's clock.
///
/// @param walking whether a walk is under way
/// @param walks walks that came to the end since the process began
/// @param startedNsAgo when the walk under way, or the last one, began; -1 if none did
/// @param endedNsAgo when the last walk ended; -1 if none did
/// @param position metadata entries that the walk has passed
/// @param positions metadata entries of the device
/// @param pausedNs how long walks have stood still because of clients, altogether
/// @param repairsWaiting ranges that are to be written again and have not been yet
/// @param incomplete whether the device has lost shards, not known which, and is not whole again
public record ScrubStatus(
        boolean walking,
        long walks,
        long startedNsAgo,
        long endedNsAgo,
        long position,
        long positions,
        long pausedNs,
        int repairsWaiting,
        boolean incomplete) {}
