package io.basalt.quorum;

import java.nio.file.Path;

/// The contract, kept by a quorum of three replicas.
class QuorumOfThreeContractTest extends MetaLogContract {
    @Override
    LogBed bed(Path where) {
        return new QuorumBed(where, 3);
    }
}
