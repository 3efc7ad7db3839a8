package io.basalt.quorum;

import java.util.Collection;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;

/// Which commands the other replicas of a quorum understand, as they have said: before a leader writes a newer
/// one it has to know, since a replica that does not understand a command must stop.
///
/// Each replica says it to each other one every second, in the name in which it asks whether that would vote
/// for somebody ([Contacts]):
///
/// ```
///  "0"              nobody; a replica of a release that announces nothing asks in this name
///  "0/ID/VERSION"   nobody either, and replica ID understands commands up to VERSION
/// ```
/// A replica is taken for one of the release before until it has announced itself to this process. Any thread.
final class Announcements {
    /// What replicas understand that announce nothing.
    static final int UNANNOUNCED = 2;

    private static final String NOBODY = "0";
    private static final String BETWEEN = "/";
    private static final int PARTS = 3;
    private static final int VERSION_MAX = 255;

    private final Map<Integer, Integer> versions = new ConcurrentHashMap<>();

    /// The name in which a replica asks.
    static String name(int id, int version) {
        return NOBODY + BETWEEN + id + BETWEEN + version;
    }

    /// Somebody has asked in a name. What is no announcement is passed over: it comes from outside.
    void heard(String name) {
        final String[] parts = name.split(BETWEEN, PARTS + 1);
        if (parts.length != PARTS || !parts[0].equals(NOBODY)) {
            return;
        }
        final OptionalInt id = number(parts[1], QuorumOptions.ID_MAX);
        final OptionalInt version = number(parts[2], VERSION_MAX);
        if (id.isPresent() && version.isPresent()) {
            versions.put(id.getAsInt(), version.getAsInt());
        }
    }

    private static OptionalInt number(String text, int most) {
        int value = 0;
        for (int at = 0; at < text.length() && value <= most; at++) {
            final int digit = text.charAt(at) - '0';
            if (digit < 0 || digit > 9) {
                return OptionalInt.empty();
            }
            value = 10 * value + digit;
        }
        return value >= 1 && value <= most ? OptionalInt.of(value) : OptionalInt.empty();
    }

    /// The newest version that all of some replicas understand; [Integer#MAX_VALUE] for none of them.
    int ofAll(Collection<Integer> ids) {
        return ids.stream()
                .mapToInt(id -> versions.getOrDefault(id, UNANNOUNCED))
                .min()
                .orElse(Integer.MAX_VALUE);
    }
}
