package io.basalt.placement;

/// Where a device stands: its path in the tree of failure domains. Names are unique below their parent
/// only: rack `r1` of one room is another rack than `r1` of the next.
///
/// @param room 1 to [#NAME_LENGTH_MAX] characters without `/`; so are the others
/// @param rack in the room
/// @param host in the rack: the machine
public record Location(String room, String rack, String host) {
    /// Longest name of a room, rack or host, in characters.
    public static final int NAME_LENGTH_MAX = 128;

    public Location {
        check("room", room);
        check("rack", rack);
        check("host", host);
    }

    /// The place that a path `room/rack/host` names.
    ///
    /// @throws InvalidClusterMapException if it does not have three valid names
    public static Location parse(String path) {
        final String[] names = path.split("/", -1);
        if (names.length != 3) {
            throw new InvalidClusterMapException("location '" + path + "' has " + names.length
                    + " names; write it as room/rack/host, such as room1/rack07/storage3");
        }
        return new Location(names[0], names[1], names[2]);
    }

    /// The path down to a failure domain; for [FailureDomain#DEVICE] down to the host.
    public String pathTo(FailureDomain domain) {
        return switch (domain) {
            case ROOM -> room;
            case RACK -> room + "/" + rack;
            case HOST, DEVICE -> toString();
        };
    }

    private static void check(String field, String name) {
        if (name.isBlank()) {
            throw new InvalidClusterMapException(
                    field + " of a location is blank; name it, even if there is only one " + field);
        }
        if (name.length() > NAME_LENGTH_MAX) {
            throw new InvalidClusterMapException(field + " name of " + name.length() + " characters is longer than "
                    + NAME_LENGTH_MAX + "; choose a shorter one");
        }
        if (name.indexOf('/') >= 0) {
            throw new InvalidClusterMapException(
                    field + " name '" + name + "' contains '/', which separates names; leave it out");
        }
    }

    @Override
    public String toString() {
        return room + "/" + rack + "/" + host;
    }
}
