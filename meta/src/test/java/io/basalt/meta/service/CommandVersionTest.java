package io.basalt.meta.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.meta.log.AppendOutcome;
import io.basalt.meta.log.LogReader;
import io.basalt.meta.log.MetaLog;
import io.basalt.meta.state.CommandCodec;
import io.basalt.meta.state.MetaCommand;
import io.basalt.testkit.ManualClock;
import io.basalt.wire.meta.UnknownVersionException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// In which version commands are written while not all replicas are of the same release.
class CommandVersionTest {
    private static final MetaCommand ANY = new MetaCommand.MarkNode(1, true);

    private final Log log = new Log();

    /// A log of several replicas that takes everything.
    private static final class Log implements MetaLog {
        private final List<byte[]> entries = new ArrayList<>();
        private int understood;

        @Override
        public void start(LogReader reader) {}

        @Override
        public void append(byte[] entry, AppendOutcome outcome) {
            entries.add(entry);
        }

        @Override
        public int understood() {
            return understood;
        }

        @Override
        public void close() {}
    }

    private Proposals process(int newest) {
        return new Proposals(log, new ManualClock()::nanoTime, 100, newest, events -> {});
    }

    /// Proposes a command, which is committed, and applied by this process.
    private int written(Proposals by) {
        by.propose(ANY, result -> {});
        by.apply(log.entries.size(), log.entries.getLast());
        return CommandCodec.version(log.entries.getLast());
    }

    @Test
    void aNewLogBeginsWithTheNewestVersion() {
        log.understood = 2;
        assertThat(written(process(3))).isEqualTo(3);
    }

    @Test
    void aNewerVersionIsWrittenOnlyOnceAllReplicasHaveSaidThatTheyUnderstandIt() {
        final Proposals process = process(3);
        process.apply(1, CommandCodec.encode(ANY, 2));
        log.understood = 2;
        assertThat(written(process)).isEqualTo(2);
        assertThat(written(process)).isEqualTo(2);
        log.understood = 3;
        assertThat(written(process)).isEqualTo(3);
    }

    @Test
    void whatStandsInTheLogMustBeUnderstoodAnyway() {
        final Proposals process = process(3);
        process.apply(1, CommandCodec.encode(ANY, 2));
        log.understood = 3;
        written(process);
        log.understood = 2;
        assertThat(written(process)).isEqualTo(3);
        final Proposals again = process(3);
        again.restore(log.entries.size(), process.state().snapshot());
        assertThat(written(again)).as("after a restart with a snapshot").isEqualTo(3);
    }

    @Test
    void aProcessWritesNothingThatItDoesNotUnderstandItself() {
        final Proposals process = process(2);
        log.understood = Integer.MAX_VALUE;
        assertThat(written(process)).isEqualTo(2);
        assertThat(written(process)).isEqualTo(2);
    }

    @Test
    void aProcessAppliesNothingThatItDoesNotUnderstand() {
        final Proposals process = process(2);
        assertThatThrownBy(() -> process.apply(1, CommandCodec.encode(ANY, 3)))
                .isInstanceOf(UnknownVersionException.class);
        assertThat(process.state().newestCommand()).isZero();
    }
}
