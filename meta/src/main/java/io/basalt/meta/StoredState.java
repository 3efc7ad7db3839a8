package io.basalt.meta;

import io.basalt.meta.log.LogReader;
import io.basalt.meta.log.MetaLogException;
import io.basalt.meta.log.local.LocalLog;
import io.basalt.meta.log.local.SnapshotFile;
import io.basalt.meta.state.MetaState;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// What a metaserver that is not running has left: its state, read from the log in its data folder, for tools.
///
/// @param state as of the last entry
/// @param lastIndex index of that entry, 0 if there is none
public record StoredState(MetaState state, long lastIndex) {
    /// The folder of the log in a metaserver's data folder.
    public static Path logFolder(Path data) {
        return data.resolve("log");
    }

    /// The folder of a quorum's log in a metaserver's data folder.
    public static Path quorumFolder(Path data) {
        return data.resolve("quorum");
    }

    /// The state that a log holds, as a snapshot. Changes nothing.
    ///
    /// @param data the metaserver's data folder
    /// @throws io.basalt.meta.log.MetaLogException if there is no log, a metaserver uses it, or it cannot be read
    /// @throws io.basalt.wire.meta.MetaFormatException if it cannot be understood
    public static SnapshotFile snapshot(Path data) {
        return SnapshotFile.ofLog(logFolder(data), new Replay());
    }

    /// Begins a metaserver's data folder with the state of a snapshot, once it is sure that it can be understood.
    ///
    /// @param data holds no log yet; made if there is none
    /// @throws io.basalt.meta.log.MetaLogException if there is a log, or it cannot be written
    /// @throws io.basalt.wire.meta.MetaFormatException if it cannot be understood
    public static StoredState restore(Path data, SnapshotFile snapshot) {
        final MetaState state = MetaState.restore(snapshot.state());
        if (Files.exists(quorumFolder(data))) {
            throw new MetaLogException("data folder " + data + ": holds a quorum's log already; name an empty folder");
        }
        snapshot.begin(logFolder(data));
        return new StoredState(state, snapshot.index());
    }

    /// Reads the state, and changes nothing.
    ///
    /// @param data the metaserver's data folder
    /// @throws io.basalt.meta.log.MetaLogException if there is no log, a metaserver uses it, or it cannot be read
    /// @throws io.basalt.wire.meta.MetaFormatException if it cannot be understood
    public static StoredState read(Path data) {
        if (!SnapshotFile.hasLog(logFolder(data)) && Files.exists(quorumFolder(data))) {
            throw new MetaLogException("data folder " + data + ": holds a quorum's log, which tools do not read;"
                    + " take a backup of the running metaserver and restore it into an empty folder: basalt meta"
                    + " backup, basalt meta restore");
        }
        final Replay replay = new Replay();
        LocalLog.read(logFolder(data), replay);
        return new StoredState(replay.state, replay.lastIndex);
    }

    private static final class Replay implements LogReader {
        private MetaState state = new MetaState();
        private long lastIndex;

        @Override
        public void restore(long index, byte[] snapshot) {
            state = MetaState.restore(snapshot);
            lastIndex = index;
        }

        @Override
        public void committed(long index, byte[] entry) {
            state.apply(entry);
            lastIndex = index;
        }

        @Override
        public byte @Nullable [] snapshot() {
            return state.snapshot();
        }

        @Override
        public void leading(boolean leads) {
            // A tool leads nothing.
        }

        @Override
        public void failed(String reason) {
            throw new IllegalStateException("nothing is written: " + reason);
        }
    }
}
