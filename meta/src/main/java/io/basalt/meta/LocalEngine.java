package io.basalt.meta;

import io.basalt.meta.log.MetaLog;
import io.basalt.meta.log.MetaLogException;
import io.basalt.meta.log.local.LocalLog;
import io.basalt.meta.log.local.LocalLogOptions;
import io.basalt.reactor.RandomSource;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Executor;

/// A log of this process alone: files in the folder `log`.
///
/// @param options how it is kept
public record LocalEngine(LocalLogOptions options) implements LogEngine {
    @Override
    public MetaLog open(MetaOptions server, Executor owner, RandomSource random) {
        final Path quorum = StoredState.quorumFolder(server.data());
        if (Files.exists(quorum)) {
            throw new MetaLogException("data folder " + server.data() + ": holds a quorum's log, " + quorum
                    + "; set [meta] id and quorum again. To leave the quorum for good: basalt meta backup, then basalt"
                    + " meta restore into an empty folder");
        }
        return LocalLog.open(StoredState.logFolder(server.data()), options, owner);
    }

    @Override
    public boolean leadsAlone() {
        return true;
    }
}
