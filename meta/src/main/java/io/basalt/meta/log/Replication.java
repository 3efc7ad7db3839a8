package io.basalt.meta.log;

import io.basalt.net.NodeAddress;
import io.basalt.net.meta.MetaReply;
import java.util.List;

/// The replicas of a replicated log, and changes of them. Changes are asked of the leader, one at a time.
///
/// Every method belongs to the owner's reactor; replies come there too, later.
public interface Replication {
    /// All replicas, as far as this one knows, by number.
    List<Replica> replicas();

    /// Take a new replica in. It runs already, with an empty folder, and waits to be asked; when the reply comes
    /// it has the log.
    ///
    /// @param id a number that no replica has had before
    /// @param address where it waits
    void add(int id, NodeAddress address, MetaReply<Boolean> reply);

    /// Leave a replica out from now on. It may be dead; it may not be the leader.
    void remove(int id, MetaReply<Boolean> reply);

    /// Have another replica lead.
    void transfer(int id, MetaReply<Boolean> reply);
}
