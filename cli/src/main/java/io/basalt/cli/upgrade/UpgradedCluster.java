package io.basalt.cli.upgrade;

import java.util.List;

/// The cluster, as an upgrade looks at it.
interface UpgradedCluster {
    /// All that can be restarted: metaservers, the one that leads last; then chunk servers by host and name.
    ///
    /// @throws io.basalt.cli.rest.RestException if nobody answers
    List<Member> members();

    /// Why nothing may be restarted now, a line each; empty if all is well: everything answers, and every copy is in
    /// sync.
    ///
    /// @throws io.basalt.cli.rest.RestException if nobody answers
    List<String> obstacles();

    /// Have another metaserver lead than the one named.
    ///
    /// @throws io.basalt.cli.rest.RestException if it is refused or not answered
    void transferFrom(String metaserver);
}
