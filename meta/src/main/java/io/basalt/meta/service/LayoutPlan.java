package io.basalt.meta.service;

import io.basalt.meta.state.MetaCommand;
import io.basalt.meta.state.SetRecord;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.Timer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Lays empty sets out once their devices have been the same for a while: they come one after the other when a
/// cluster starts.
final class LayoutPlan {
    private final Reactor reactor;
    private final Proposals proposals;
    private final long delayNs;
    private @Nullable Timer timer;

    LayoutPlan(Reactor reactor, Proposals proposals, long delayNs) {
        this.reactor = reactor;
        this.proposals = proposals;
        this.delayNs = delayNs;
    }

    /// Something has changed: the while begins anew.
    void changed() {
        rest();
        timer = reactor.schedule(delayNs, this::layOut);
    }

    /// Nothing is laid out any more, until something changes.
    void rest() {
        final Timer before = timer;
        if (before != null) {
            before.cancel();
        }
        timer = null;
    }

    private void layOut() {
        timer = null;
        for (final SetRecord set : List.copyOf(proposals.state().sets())) {
            final MetaCommand.LayoutPgs layout = Layouts.of(set);
            if (layout != null) {
                proposals.propose(layout, result -> {});
            }
        }
    }
}
