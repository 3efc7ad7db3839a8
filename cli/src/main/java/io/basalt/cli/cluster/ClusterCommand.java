package io.basalt.cli.cluster;

import io.basalt.cli.output.OutputOptions;
import io.basalt.cli.rest.RestClient;
import java.util.concurrent.Callable;
import picocli.CommandLine.Mixin;

/// A command that asks the metaserver and prints what it says.
public abstract class ClusterCommand implements Callable<Integer> {
    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Mixin
    private OutputOptions output = new OutputOptions();

    /// For subclasses.
    protected ClusterCommand() {}

    @Override
    public final Integer call() {
        try (RestClient client = cluster.connect()) {
            return run(client);
        }
    }

    /// Do it.
    ///
    /// @return status for the process
    protected abstract int run(RestClient client);

    /// How answers look.
    protected final OutputOptions output() {
        return output;
    }
}
