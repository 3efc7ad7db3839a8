package io.basalt.gate.trace;

import io.basalt.block.RequestObserver;
import java.util.Map;
import java.util.TreeMap;

/// What is measured of one volume on all reactors, for as long as it is open. Control reactor.
public final class VolumeTraces {
    private final SlowLog slow;
    private final int number;
    private final Map<Integer, VolumeTrace> byReactor = new TreeMap<>();

    /// Nothing measured yet.
    public VolumeTraces(String volume, SlowLog slow) {
        this.slow = slow;
        number = slow.number(volume);
    }

    /// Who is to hear of the volume's requests on a reactor.
    public RequestObserver on(int reactor) {
        return byReactor.computeIfAbsent(reactor, id -> slow.trace(number, id));
    }

    /// Where the time of the volume's requests has gone.
    public Breakdown read() {
        Breakdown sum = Breakdown.NONE;
        for (final VolumeTrace trace : byReactor.values()) {
            sum = sum.plus(trace.read());
        }
        return sum;
    }

    /// The volume is closed.
    public void close() {
        slow.forget(number);
    }
}
