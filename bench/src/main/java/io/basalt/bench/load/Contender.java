package io.basalt.bench.load;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// One of the systems that are compared, and what it has measured under the load of one table row.
final class Contender {
    /// One run of the load.
    @FunctionalInterface
    interface Run {
        LoadResult under(String disk, LoadShape shape) throws IOException, InterruptedException;
    }

    private final String name;
    private final Run run;
    private final List<LoadResult> results = new ArrayList<>();

    Contender(String name, Run run) {
        this.name = name;
        this.run = run;
    }

    String name() {
        return name;
    }

    void clear() {
        results.clear();
    }

    void measure(String disk, LoadShape shape) throws IOException, InterruptedException {
        results.add(run.under(disk, shape));
    }

    /// What was measured since [#clear()], in order.
    List<LoadResult> results() {
        return results;
    }
}
