package io.basalt.meta.service;

import io.basalt.meta.log.AppendOutcome;
import io.basalt.meta.log.MetaLog;
import io.basalt.meta.state.CommandCodec;
import io.basalt.meta.state.CommandResult;
import io.basalt.meta.state.MetaCommand;
import io.basalt.meta.state.MetaEvent;
import io.basalt.meta.state.MetaState;
import io.basalt.reactor.NanoClock;
import io.basalt.wire.meta.MetaCode;
import io.basalt.wire.meta.UnknownVersionException;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The way of a command: into the log, from the log into the state, and its result back to whoever proposed it.
final class Proposals {
    private final MetaLog log;
    private final int most;
    private final int newestCommand;
    private final Consumer<List<MetaEvent>> events;
    private MetaState state = new MetaState();
    private @Nullable CommandResult lastResult;
    private final NanoClock clock;
    private int underWay;
    private long commits;
    private long commitNs;
    private long commitMaxNs;
    private long lastIndex;

    /// @param clock for how long commits take
    /// @param most commands under way
    /// @param newestCommand newest version of commands that this process understands
    /// @param events told what others must be told of, after each command
    Proposals(MetaLog log, NanoClock clock, int most, int newestCommand, Consumer<List<MetaEvent>> events) {
        this.log = log;
        this.clock = clock;
        this.most = most;
        this.newestCommand = newestCommand;
        this.events = events;
    }

    MetaState state() {
        return state;
    }

    /// Index of the last command that was applied.
    long lastIndex() {
        return lastIndex;
    }

    /// Commands under way.
    int underWay() {
        return underWay;
    }

    /// Whether there is room for another command.
    boolean full() {
        return underWay >= most;
    }

    void propose(MetaCommand command, ResultListener listener) {
        final byte[] entry = CommandCodec.encode(command, version());
        final long startNs = clock.nanoTime();
        underWay++;
        log.append(entry, new AppendOutcome() {
            @Override
            public void committed(long index) {
                underWay--;
                committedAfter(clock.nanoTime() - startNs);
                final CommandResult result = lastResult;
                listener.ended(
                        result != null
                                ? result
                                : CommandResult.refused(
                                        MetaCode.UNAVAILABLE,
                                        "metaserver",
                                        "has stopped following its log",
                                        "look at its health"));
            }

            @Override
            public void rejected(String reason) {
                underWay--;
                listener.ended(CommandResult.refused(MetaCode.NOT_LEADER, "metaserver", reason, "ask another replica"));
            }

            @Override
            public void uncertain(String reason) {
                underWay--;
                listener.ended(CommandResult.refused(
                        MetaCode.UNAVAILABLE, "metaserver", reason, "ask again with the same request id"));
            }
        });
    }

    /// The version in which commands are written. A replica that does not understand a command must stop, so
    /// nothing is written that one of them may not understand: what all have said that they do, or what stands
    /// in the log anyway. A new log begins with the newest.
    private int version() {
        final int inLog = state.newestCommand();
        final int understood = inLog == 0 ? newestCommand : Math.max(inLog, log.understood());
        return Math.clamp(understood, CommandCodec.OLDEST_WRITTEN, newestCommand);
    }

    CommitTimes times() {
        return new CommitTimes(commits, commitNs, commitMaxNs);
    }

    private void committedAfter(long ns) {
        commits++;
        commitNs += ns;
        commitMaxNs = Math.max(commitMaxNs, ns);
    }

    /// An entry was committed that is not applied.
    void notFollowed() {
        lastResult = null;
    }

    /// Take the state of a snapshot.
    void restore(long index, byte[] snapshot) {
        state = MetaState.restore(snapshot);
        lastIndex = index;
    }

    /// Apply the next committed command.
    void apply(long index, byte[] entry) {
        // Stays null if the entry is not understood: then it has no result, and nor has any after it.
        lastResult = null;
        if (CommandCodec.version(entry) > newestCommand) {
            throw new UnknownVersionException("command", CommandCodec.version(entry), newestCommand);
        }
        final MetaState.Applied applied = state.apply(entry);
        lastIndex = index;
        lastResult = applied.result();
        if (!applied.events().isEmpty()) {
            events.accept(applied.events());
        }
    }
}
