package io.basalt.meta.service;

import io.basalt.meta.state.MetaState;
import io.basalt.meta.state.SetRecord;
import io.basalt.placement.Device;
import io.basalt.placement.DeviceState;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/// For how long devices have not answered, as far as this leader has seen it, and which of them have not for so long
/// that their copies are to be made anew elsewhere.
///
/// Never more than half of a set's devices go out like this: when so many are missing, it is the network or the power,
/// and copying everything to the rest would fill it up and help nobody.
final class Absences {
    private final long outAfterNs;
    private final Map<Integer, Long> sinceNs = new TreeMap<>();

    Absences(long outAfterNs) {
        this.outAfterNs = outAfterNs;
    }

    /// Begin to lead: nothing was seen before.
    void clear() {
        sinceNs.clear();
    }

    /// Look at the devices.
    ///
    /// @return those that are to be taken out now
    List<Integer> look(MetaState state, long nowNs) {
        final Set<Integer> absent = new HashSet<>();
        final List<Integer> out = new ArrayList<>();
        for (final SetRecord set : state.sets()) {
            int in = 0;
            int known = 0;
            final List<Integer> due = new ArrayList<>();
            for (final Device device : set.map().devices()) {
                final var record = state.device(device.id());
                in += device.state().in() ? 1 : 0;
                known += device.state().in() || (record != null && record.outByItself()) ? 1 : 0;
                if (device.state() == DeviceState.DOWN_IN && !state.answers(device.id())) {
                    absent.add(device.id());
                    final long since = sinceNs.computeIfAbsent(device.id(), ignored -> nowNs);
                    if (nowNs - since >= outAfterNs) {
                        due.add(device.id());
                    }
                }
            }
            final int most = Math.max(0, in - (known + 1) / 2);
            out.addAll(due.subList(0, Math.min(most, due.size())));
        }
        sinceNs.keySet().retainAll(absent);
        return out;
    }
}
