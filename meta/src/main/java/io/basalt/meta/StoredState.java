package io.basalt.meta;

import io.basalt.meta.log.LogReader;
import io.basalt.meta.log.local.LocalLog;
import io.basalt.meta.state.MetaState;
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

    /// Reads the state, and changes nothing.
    ///
    /// @param data the metaserver's data folder
    /// @throws io.basalt.meta.log.MetaLogException if there is no log, a metaserver uses it, or it cannot be read
    /// @throws io.basalt.wire.meta.MetaFormatException if it cannot be understood
    public static StoredState read(Path data) {
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
            return null;
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
