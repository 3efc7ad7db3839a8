package io.basalt.meta.service;

import io.basalt.meta.state.CommandResult;
import io.basalt.meta.state.MetaCommand;
import io.basalt.reactor.Reactor;
import io.basalt.wire.meta.PgChange;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/// Wishes for other configurations of placement groups, on their way into the log. Those that come within one pass of
/// the reactor become one command, one entry and one newer map; each asker gets its own result. When a device goes, the
/// primaries of hundreds of groups find out in the same moment.
final class Wishes {
    /// Most wishes of one command.
    static final int BATCH_MAX = 4096;

    private final Reactor reactor;
    private final Proposals proposals;
    private final Deque<Wish> waiting = new ArrayDeque<>();
    private boolean scheduled;

    private record Wish(PgChange change, ResultListener listener) {}

    Wishes(Reactor reactor, Proposals proposals) {
        this.reactor = reactor;
        this.proposals = proposals;
    }

    /// Take a wish; its result comes later, never from inside this call.
    void add(PgChange change, ResultListener listener) {
        waiting.addLast(new Wish(change, listener));
        if (!scheduled) {
            scheduled = true;
            reactor.post(this::propose);
        }
    }

    /// How many wait.
    int waiting() {
        return waiting.size();
    }

    private void propose() {
        scheduled = false;
        while (!waiting.isEmpty()) {
            final List<Wish> batch = new ArrayList<>();
            while (batch.size() < BATCH_MAX && !waiting.isEmpty()) {
                batch.add(waiting.removeFirst());
            }
            final List<PgChange> changes = batch.stream().map(Wish::change).toList();
            proposals.propose(new MetaCommand.ChangePgs(changes), result -> tell(batch, result));
        }
    }

    private static void tell(List<Wish> batch, CommandResult result) {
        for (int index = 0; index < batch.size(); index++) {
            batch.get(index).listener.ended(result.done() ? result.parts().get(index) : result);
        }
    }
}
