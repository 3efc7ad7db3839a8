package io.basalt.gate.volume;

import io.basalt.block.Volume;
import io.basalt.gate.qos.QosClass;
import io.basalt.gate.qos.QosClasses;
import io.basalt.gate.qos.QosLimits;
import io.basalt.gate.qos.QosPolicy;
import io.basalt.gate.rpc.RpcError;
import io.basalt.gate.trace.SlowLog;
import io.basalt.reactor.NanoClock;
import io.basalt.reactor.thread.SystemClock;
import io.basalt.store.ResizableVolume;
import io.basalt.store.VolumeException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The volumes of a gate by name and identifier. One owner: the control reactor.
///
/// A volume that is claimed cannot be deleted; a volume built on another claims it alone. A volume grows under its
/// users, who are told.
public final class VolumeRegistry implements AutoCloseable {
    private final VolumeFactory factory;
    private final NanoClock clock;
    private final SlowLog slow;
    private final QosClasses classes = new QosClasses();

    /// In the order of their making: a base comes before what is built on it.
    private final Map<String, VolumeEntry> byName = new LinkedHashMap<>();

    private final Map<String, VolumeEntry> byUuid = new HashMap<>();

    /// What volumes that are built on others hold, by their own name.
    private final Map<String, VolumeClaim> baseClaims = new HashMap<>();

    /// An empty registry, whose volumes are used on reactors that have the system's clock.
    public VolumeRegistry(VolumeFactory factory) {
        this(factory, SystemClock.INSTANCE);
    }

    /// An empty registry.
    ///
    /// @param clock the one that the reactors have
    public VolumeRegistry(VolumeFactory factory, NanoClock clock) {
        this.factory = factory;
        this.clock = clock;
        slow = new SlowLog(clock);
    }

    /// The volume of a spec: opened now, or the one that was opened from the same spec before.
    ///
    /// @throws RpcError if the name or identifier is another's, or the base is not there or in use
    /// @throws VolumeException if it cannot be opened
    public VolumeEntry create(VolumeSpec spec) {
        final VolumeEntry present = find(spec.name());
        if (present != null) {
            if (present.spec().equals(spec)) {
                return present;
            }
            throw RpcError.exists(
                    "name",
                    "there is a volume '" + spec.name() + "' with other parameters: " + present.spec(),
                    "delete it first, choose another name, or repeat its parameters exactly");
        }
        final VolumeEntry alias = find(spec.uuid().toString());
        if (alias != null) {
            throw RpcError.exists(
                    "uuid", spec.uuid() + " belongs to volume '" + alias.name() + "'", "give another uuid or none");
        }
        final VolumeEntry entry = open(spec);
        byName.put(spec.name(), entry);
        byUuid.put(spec.uuid().toString(), entry);
        return entry;
    }

    private VolumeEntry open(VolumeSpec spec) {
        final String base = spec.base();
        if (base == null) {
            return new VolumeEntry(spec, factory.open(spec, null), clock, slow);
        }
        final VolumeClaim claim = claim(base, "volume " + spec.name(), true, size -> tell(spec.name(), size));
        try {
            final VolumeEntry entry = new VolumeEntry(spec, factory.open(spec, claim.volume()), clock, slow);
            baseClaims.put(spec.name(), claim);
            return entry;
        } catch (VolumeException e) {
            claim.close();
            throw e;
        }
    }

    /// Remove a volume and release it.
    ///
    /// @return false if there is none of this name
    /// @throws RpcError if it is in use, or of another kind
    public boolean delete(String nameOrUuid, VolumeSpec.Kind kind) {
        final VolumeEntry entry = find(nameOrUuid);
        if (entry == null) {
            return false;
        }
        requireKind(entry, kind);
        if (!entry.claims().isEmpty()) {
            final String holder = entry.claims().getFirst().holder();
            throw RpcError.busy(
                    "name",
                    "volume '" + entry.name() + "' is in use by " + String.join(", ", entry.holders()),
                    "delete " + holder + " first");
        }
        byName.remove(entry.name());
        byUuid.remove(entry.uuid().toString());
        entry.traces().close();
        entry.volume().close();
        final VolumeClaim base = baseClaims.remove(entry.name());
        if (base != null) {
            base.close();
        }
        return true;
    }

    /// The volume of a name or identifier, or null.
    public @Nullable VolumeEntry find(String nameOrUuid) {
        final VolumeEntry entry = byName.get(nameOrUuid);
        return entry == null ? byUuid.get(nameOrUuid.toLowerCase(Locale.ROOT)) : entry;
    }

    /// The volume of a name or identifier.
    ///
    /// @param field the parameter that gave it
    /// @throws RpcError if there is none
    public VolumeEntry require(String field, String nameOrUuid) {
        final VolumeEntry entry = find(nameOrUuid);
        if (entry == null) {
            throw RpcError.noDevice(
                    field, "there is no volume '" + nameOrUuid + "'", "bdev_get_bdevs lists the volumes there are");
        }
        return entry;
    }

    /// Requests of all volumes that took long.
    public SlowLog slow() {
        return slow;
    }

    /// All volumes, in the order of their making.
    public List<VolumeEntry> volumes() {
        return List.copyOf(byName.values());
    }

    /// Get the right to use a volume.
    ///
    /// @param holder in words for the operator, for example `controller vhost.0`
    /// @param exclusive whether nobody else may use it meanwhile
    /// @param listener told when the volume has become larger
    /// @throws RpcError if there is none, or one of the users wants it alone
    public VolumeClaim claim(String nameOrUuid, String holder, boolean exclusive, ResizeListener listener) {
        final VolumeEntry entry = require("dev_name", nameOrUuid);
        for (final VolumeClaim other : entry.claims()) {
            if (exclusive || other.exclusive()) {
                throw RpcError.busy(
                        "dev_name",
                        "volume '" + entry.name() + "' is in use by " + other.holder(),
                        other.exclusive()
                                ? "use " + other.holder() + " instead"
                                : "delete " + other.holder() + " first");
            }
        }
        final VolumeClaim claim = new VolumeClaim(entry, holder, exclusive, listener);
        entry.claims().add(claim);
        return claim;
    }

    /// Make a volume larger and tell its users.
    ///
    /// @throws RpcError if there is no such volume, or it cannot change its size
    /// @throws VolumeException if the size is not possible
    public void resize(String nameOrUuid, VolumeSpec.Kind kind, long sizeBytes) {
        final VolumeEntry entry = require("name", nameOrUuid);
        requireKind(entry, kind);
        if (!(entry.volume() instanceof ResizableVolume resizable)) {
            throw RpcError.unsupported(
                    "name", "a " + kind.word() + " volume has the size of its base", "resize the base");
        }
        final long before = resizable.sizeBytes();
        resizable.resize(sizeBytes);
        final long after = resizable.sizeBytes();
        final long blocks = after / resizable.blockSize();
        entry.spec(
                switch (entry.spec()) {
                    case VolumeSpec.Null spec ->
                        new VolumeSpec.Null(spec.name(), spec.uuid(), spec.blockSize(), blocks);
                    case VolumeSpec.Malloc spec ->
                        new VolumeSpec.Malloc(spec.name(), spec.uuid(), spec.blockSize(), blocks);
                    case VolumeSpec.File spec -> spec;
                    case VolumeSpec.Basalt spec -> spec;
                    case VolumeSpec.Failing spec -> spec;
                    case VolumeSpec.Delay spec -> spec;
                });
        if (after != before) {
            tell(entry.name(), after);
        }
    }

    /// A volume's size changed by itself: tell its users.
    public void resized(VolumeEntry entry) {
        if (entry.spec() instanceof VolumeSpec.Basalt spec) {
            entry.spec(spec.withBlockCount(entry.volume().sizeBytes() / spec.blockSize()));
        }
        tell(entry.name(), entry.volume().sizeBytes());
    }

    /// Whether a guest is expected on a volume of the cluster has changed: what is saved of it follows.
    public void incoming(VolumeEntry entry, boolean expected) {
        if (entry.spec() instanceof VolumeSpec.Basalt spec) {
            entry.spec(spec.withIncoming(expected));
        }
    }

    private void tell(String name, long sizeBytes) {
        final VolumeEntry entry = byName.get(name);
        if (entry != null) {
            applyPolicy(entry);
            for (final VolumeClaim claim : List.copyOf(entry.claims())) {
                claim.listener().resized(sizeBytes);
            }
        }
    }

    /// The classes that limits may come from.
    public QosClasses classes() {
        return classes;
    }

    /// Limit a volume, from now on.
    ///
    /// @param policy one that names a class names one there is
    public void limit(VolumeEntry entry, QosPolicy policy) {
        entry.policy(policy);
        applyPolicy(entry);
    }

    /// Add a class of limits, or change one: volumes that have it follow.
    public void define(QosClass made) {
        classes.define(made);
        byName.values().forEach(this::applyPolicy);
    }

    private void applyPolicy(VolumeEntry entry) {
        final QosLimits limits = switch (entry.policy()) {
            case QosPolicy.Own own -> own.limits();
            case QosPolicy.OfClass named -> {
                final QosClass known = classes.find(named.name());
                yield known == null
                        ? QosLimits.NONE
                        : known.limits(entry.volume().sizeBytes());
            }
        };
        entry.limited().limit(limits);
    }

    /// The volume of a name and kind.
    ///
    /// @throws RpcError if there is none, or it is of another kind
    public VolumeEntry require(String nameOrUuid, VolumeSpec.Kind kind) {
        final VolumeEntry entry = require("name", nameOrUuid);
        requireKind(entry, kind);
        return entry;
    }

    private static void requireKind(VolumeEntry entry, VolumeSpec.Kind kind) {
        final VolumeSpec.Kind is = entry.spec().kind();
        if (is != kind) {
            throw RpcError.invalidParameter(
                    "name",
                    "volume '" + entry.name() + "' is a " + is.word() + " volume",
                    "use the bdev_" + is.word() + "_ methods");
        }
    }

    /// Release every volume, the newest first. Nobody uses one any more.
    @Override
    public void close() {
        for (final VolumeEntry entry : new ArrayList<>(byName.values()).reversed()) {
            final Volume volume = entry.volume();
            volume.close();
        }
        byName.clear();
        byUuid.clear();
        baseClaims.clear();
    }
}
