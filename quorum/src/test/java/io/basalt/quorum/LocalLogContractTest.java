package io.basalt.quorum;

import io.basalt.meta.log.local.LocalLog;
import io.basalt.meta.log.local.LocalLogOptions;
import java.nio.file.Path;

/// The contract, kept by the log of a metaserver that is one process.
class LocalLogContractTest extends MetaLogContract {
    @Override
    LogBed bed(Path where) {
        return new LogBed() {
            @Override
            void open() {
                replicas.add(new LogOwner(
                        owner -> LocalLog.open(where, new LocalLogOptions(1024, 8), owner),
                        new RecordingReader(false),
                        () -> {}));
            }
        };
    }
}
