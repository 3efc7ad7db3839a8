package io.basalt.meta;

import io.basalt.meta.log.MetaLog;
import io.basalt.reactor.RandomSource;
import java.util.concurrent.Executor;

/// What keeps the log of a [MetaServer].
public interface LogEngine {
    /// Opens the log under the metaserver's data folder, or begins one. Waits for the disk, not for other processes.
    ///
    /// @param owner runs a command in the service's reactor, later, in the order given
    /// @throws io.basalt.meta.log.MetaLogException if it cannot be opened: says what, why, and what to do
    MetaLog open(MetaOptions options, Executor owner, RandomSource random);

    /// Whether a log that is open leads. If not, the metaserver is started when it can be asked who does.
    boolean leadsAlone();
}
