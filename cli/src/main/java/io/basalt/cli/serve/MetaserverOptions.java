package io.basalt.cli.serve;

import picocli.CommandLine.Option;

/// The option of nodes that says where they find the metaserver.
public final class MetaserverOptions {
    /// The setting that it overrules.
    static final String SETTING = "metaservers";

    @Option(
            names = "--meta",
            paramLabel = "ADDRESS[,ADDRESS...]",
            description = "Where the metaserver answers nodes (default: 127.0.0.1:7701).")
    private String metaservers = "";

    /// What was given; empty for nothing.
    String text() {
        return metaservers;
    }
}
