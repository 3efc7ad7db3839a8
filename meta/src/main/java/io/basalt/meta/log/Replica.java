package io.basalt.meta.log;

import io.basalt.net.NodeAddress;
import org.jspecify.annotations.Nullable;

/// One of the metaservers that keep a replicated log.
///
/// @param id its number, 1 to 65535; never given to another
/// @param address where the other replicas reach it
/// @param rest where its REST API answers; null if it has not led yet
/// @param nodes where it answers gates and chunk servers; null if it has not led yet
/// @param leads whether it leads, as far as this replica knows
/// @param self whether it is this one
/// @param contact what this replica hears of it
public record Replica(
        int id,
        NodeAddress address,
        @Nullable NodeAddress rest,
        @Nullable NodeAddress nodes,
        boolean leads,
        boolean self,
        Contact contact) {
    /// The same, with what it says of itself when it leads.
    public Replica at(NodeAddress newRest, NodeAddress newNodes) {
        return new Replica(id, address, newRest, newNodes, leads, self, contact);
    }
}
