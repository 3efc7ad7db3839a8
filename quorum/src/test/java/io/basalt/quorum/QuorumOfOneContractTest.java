package io.basalt.quorum;

import java.nio.file.Path;

/// The contract, kept by a quorum of one replica.
class QuorumOfOneContractTest extends MetaLogContract {
    @Override
    LogBed bed(Path where) {
        return new QuorumBed(where, 1);
    }
}
