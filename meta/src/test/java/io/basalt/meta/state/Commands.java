package io.basalt.meta.state;

import io.basalt.meta.state.MetaCommand.CreateCluster;
import io.basalt.meta.state.MetaCommand.CreateSet;
import io.basalt.meta.state.MetaCommand.CreateVolume;
import io.basalt.meta.state.MetaCommand.LayoutPgs;
import io.basalt.meta.state.MetaCommand.MarkNode;
import io.basalt.meta.state.MetaCommand.RegisterNode;
import io.basalt.placement.FailureDomain;
import io.basalt.placement.RoutingRule;
import io.basalt.wire.meta.AttachRequest;
import io.basalt.wire.meta.DeviceRegistration;
import io.basalt.wire.meta.NodeRegistration;
import io.basalt.wire.meta.NodeRole;
import io.basalt.wire.meta.RequestId;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/// Commands that tests of the state machine are made of.
public final class Commands {
    /// Placement groups of the tests' set.
    public static final int PGS = 8;

    private Commands() {}

    static CreateCluster cluster() {
        return new CreateCluster(new UUID(1, 2), 1_700_000_000_000L);
    }

    static CreateSet set(String name, int copies, int overcommitPercent) {
        return new CreateSet(name, new RoutingRule(PGS, copies, FailureDomain.HOST), 1, overcommitPercent);
    }

    /// A chunk server with devices of 1 TiB.
    public static NodeRegistration chunk(int number, int devices) {
        final List<DeviceRegistration> all = new ArrayList<>();
        for (int device = 0; device < devices; device++) {
            all.add(new DeviceRegistration(
                    new UUID(number, device + 1L), 1L << 40, "ssd", "127.0.0.1", 7000 + 10 * number + device));
        }
        return new NodeRegistration(
                new UUID(0xc0, number),
                "chunk-" + number,
                NodeRole.CHUNK,
                "0.1.0",
                "room",
                "rack",
                "host-" + number,
                "default",
                all);
    }

    /// A gate.
    public static NodeRegistration gate(int number) {
        return new NodeRegistration(
                new UUID(0x9a, number),
                "gate-" + number,
                NodeRole.GATE,
                "0.1.0",
                "room",
                "rack",
                "vm-host-" + number,
                "",
                List.of());
    }

    static RegisterNode register(NodeRegistration registration) {
        return new RegisterNode(registration, 1_700_000_000_000L);
    }

    static CreateVolume volume(RequestId id, String name, long sizeBytes) {
        return new CreateVolume(id, name, sizeBytes, 1 << 20, 4096, "ssd", "", 1_700_000_000_000L);
    }

    static MetaCommand attach(RequestId id, int nodeId, long instance, String name, boolean takeOver) {
        return new MetaCommand.Attach(new AttachRequest(id, nodeId, instance, name, takeOver));
    }

    /// A layout in which replica i of a placement group is on device `1 + (pg + i) % devices`.
    static LayoutPgs layout(MetaState state, int devices) {
        final SetRecord set = state.sets().iterator().next();
        final List<int[]> replicas = new ArrayList<>();
        for (int pg = 0; pg < set.map().pgCount(); pg++) {
            final int[] row = new int[set.map().copies()];
            for (int index = 0; index < row.length; index++) {
                row[index] = 1 + (pg + index) % devices;
            }
            replicas.add(row);
        }
        return new LayoutPgs(set.id(), set.map().version(), replicas);
    }

    /// A cluster of three chunk servers that is laid out, and two gates: nodes 1 to 3, and 4 and 5.
    static MetaState cluster(int overcommitPercent) {
        final MetaState state = new MetaState();
        apply(state, cluster());
        apply(state, set("default", 3, overcommitPercent));
        for (int number = 1; number <= 3; number++) {
            apply(state, register(chunk(number, 1)));
            apply(state, new MarkNode(number, true));
        }
        apply(state, register(gate(1)));
        apply(state, register(gate(2)));
        apply(state, layout(state, 3));
        return state;
    }

    static CommandResult apply(MetaState state, MetaCommand command) {
        return state.apply(CommandCodec.encode(command)).result();
    }
}
