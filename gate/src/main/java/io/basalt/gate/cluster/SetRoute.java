package io.basalt.gate.cluster;

import io.basalt.placement.ClusterMap;
import io.basalt.placement.Device;
import io.basalt.placement.PgTable;
import io.basalt.wire.data.ClientRequest;
import io.basalt.wire.data.RequestIdentities;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The way to one set from one reactor: its newest map, the connections to its devices, and the identities of the
/// changes that are outstanding there. One owner reactor; look-ups allocate nothing.
final class SetRoute {
    /// No map has told yet how many placement groups there are.
    static final int NO_PG = -1;

    private final int setId;
    private final long gateInstance;
    private final PieceQueue waiting = new PieceQueue();
    private int[] waitingOfPg = {};
    private @Nullable RequestIdentities identities;
    private @Nullable ClusterMap map;
    private @Nullable ChunkLink[] linkOfDevice = {};
    private final DeviceTimes deviceTimes;

    SetRoute(int setId, long gateInstance, DeviceTimes deviceTimes) {
        this.setId = setId;
        this.deviceTimes = deviceTimes;
        this.gateInstance = gateInstance;
    }

    int setId() {
        return setId;
    }

    /// First half of every identity given here.
    long gateInstance() {
        return gateInstance;
    }

    /// The newest map; null before the first.
    @Nullable
    ClusterMap map() {
        return map;
    }

    /// Follow a newer map. Control plane: allocates.
    void adopt(ClusterMap newer, ChunkConnections connections) {
        final ClusterMap before = map;
        if (before == null) {
            identities = new RequestIdentities(newer.pgCount());
            waitingOfPg = new int[newer.pgCount()];
        } else {
            assert before.pgCount() == newer.pgCount() : "fixed for the life of a set";
            hangUpOnTheLost(before, newer);
        }
        map = newer;
        int most = 0;
        for (final Device device : newer.devices()) {
            most = Math.max(most, device.id());
        }
        final @Nullable ChunkLink[] links = new @Nullable ChunkLink[most + 1];
        for (final Device device : newer.devices()) {
            links[device.id()] = connections.link(device.address());
        }
        linkOfDevice = links;
        deviceTimes.upTo(most);
    }

    /// How long the set's devices take.
    DeviceTimes deviceTimes() {
        return deviceTimes;
    }

    /// A device that the metaserver has given up keeps nobody waiting for its silence to be noticed here too.
    private void hangUpOnTheLost(ClusterMap before, ClusterMap newer) {
        for (final Device device : newer.devices()) {
            final Device then = before.device(device.id());
            final ChunkLink link = then == null ? null : linkOfDevice[then.id()];
            if (then != null
                    && link != null
                    && then.state().up()
                    && !device.state().up()) {
                link.hangUp();
            }
        }
    }

    /// Whether a connection leads to one of the set's devices.
    @SuppressWarnings("ReferenceEquality") // a link is itself and no other
    boolean uses(ChunkLink link) {
        for (final ChunkLink used : linkOfDevice) {
            if (used == link) {
                return true;
            }
        }
        return false;
    }

    int pgOf(long partId, int shardIndex) {
        return present().pgOf(partId, shardIndex);
    }

    int epoch(int pg) {
        return present().epoch(pg);
    }

    /// The connection to a placement group's primary; null if it has none at present.
    @Nullable
    ChunkLink primary(int pg) {
        final int device = present().primaryDevice(pg);
        return device == PgTable.NO_DEVICE || device >= linkOfDevice.length ? null : linkOfDevice[device];
    }

    private ClusterMap present() {
        return Objects.requireNonNull(map, "asked for only once a map is there");
    }

    RequestIdentities identities() {
        return Objects.requireNonNull(identities, "made with the first map");
    }

    /// Give a change its identity, unless too many are outstanding or others wait for one already.
    ///
    /// @return false if the piece has to wait: [#await] it
    boolean identify(Piece piece) {
        if (waitingOfPg[piece.pg()] > 0) {
            return false;
        }
        final long sequence = identities().claim(piece.pg());
        piece.identify(sequence);
        return sequence != 0;
    }

    void await(Piece piece) {
        waitingOfPg[piece.pg()]++;
        waiting.add(piece);
    }

    /// Take a piece out that waits for an identity.
    void withdraw(Piece piece) {
        waiting.remove(piece);
        waitingOfPg[piece.pg()]--;
    }

    /// A change has its result.
    void forget(Piece piece) {
        identities().release(piece.pg(), piece.sequence());
        piece.identify(0);
    }

    /// A piece that has waited for an identity and can have one now; null if there is none.
    @Nullable
    Piece nextIdentifiable(int pg) {
        if (waitingOfPg[pg] == 0 || identities().windowed(pg) == ClientRequest.SEQUENCE_WINDOW) {
            return null;
        }
        final Piece piece = Objects.requireNonNull(waiting.takeOf(pg), "who is counted is there");
        waitingOfPg[pg]--;
        piece.identify(identities().claim(pg));
        assert piece.hasIdentity();
        return piece;
    }
}
