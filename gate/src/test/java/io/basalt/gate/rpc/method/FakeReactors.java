package io.basalt.gate.rpc.method;

import io.basalt.gate.rpc.ReactorHost;
import io.basalt.reactor.IdleMode;
import io.basalt.reactor.ReactorCounters;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// A control reactor and two data reactors, that are numbers only.
final class FakeReactors implements ReactorHost {
    final Map<Integer, IdleMode> modes =
            new TreeMap<>(Map.of(0, IdleMode.INTERRUPT, 1, IdleMode.ADAPTIVE, 2, IdleMode.ADAPTIVE));

    @Override
    public List<Status> reactors() {
        return modes.entrySet().stream()
                .map(entry -> new Status(
                        entry.getKey(),
                        "reactor-" + entry.getKey(),
                        entry.getKey() - 1,
                        1000 + entry.getKey(),
                        entry.getKey() == 0,
                        entry.getValue(),
                        5,
                        new ReactorCounters.Snapshot(10, 20, 3, 2, 1, 1, 0, 0, 9)))
                .toList();
    }

    @Override
    public void idleMode(int id, IdleMode mode) {
        modes.put(id, mode);
    }
}
