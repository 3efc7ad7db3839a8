package io.basalt.gate.rpc.method;

import io.basalt.gate.config.ConfigEntry;
import io.basalt.gate.config.GateState;
import io.basalt.gate.config.GateStateException;
import io.basalt.gate.rpc.ControllerHost;
import io.basalt.gate.rpc.ControllerStatus;
import io.basalt.gate.rpc.ExportStatus;
import io.basalt.gate.rpc.Json;
import io.basalt.gate.rpc.RpcDispatcher;
import io.basalt.gate.rpc.RpcError;
import io.basalt.gate.rpc.RpcResult;
import io.basalt.gate.volume.VolumeEntry;
import io.basalt.gate.volume.VolumeRegistry;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;

/// The configuration as it is: what the volumes and controllers there are were made from, and what of the state
/// file could not be brought back. Written to the state file after every change.
///
/// An entry that fails to come back (its file is on a disk that is not mounted yet) is kept in the file and tried
/// again, until it succeeds or somebody deletes or makes the object that it names.
final class LiveConfiguration {
    /// The subsystem of what concerns the process as a whole.
    static final String FRAMEWORK = "framework";
    /// SPDK's name of the subsystem of volumes.
    static final String BDEV = "bdev";
    /// SPDK's name of the subsystem of controllers.
    static final String VHOST = "vhost_blk";
    /// SPDK's name of the subsystem of SCSI controllers.
    static final String SCSI = "vhost_scsi";
    /// The subsystem of NBD exports.
    static final String NBD = "nbd";

    private static final Logger LOG = System.getLogger(LiveConfiguration.class.getName());

    private final ChosenSettings settings;
    private final VolumeRegistry volumes;
    private final ControllerHost controllers;
    private final GateState state;
    private final RpcDispatcher dispatcher;
    private List<Unapplied> unapplied = new ArrayList<>();
    private boolean replaying;
    private boolean unsaved;
    private Runnable saved = () -> {};
    private Supplier<List<ExportStatus>> exports = List::of;

    /// An entry of the state file that could not be brought back.
    ///
    /// @param reason why
    record Unapplied(ConfigEntry entry, RpcError reason) {}

    LiveConfiguration(
            ChosenSettings settings,
            VolumeRegistry volumes,
            ControllerHost controllers,
            GateState state,
            RpcDispatcher dispatcher) {
        this.settings = settings;
        this.volumes = volumes;
        this.controllers = controllers;
        this.state = state;
        this.dispatcher = dispatcher;
    }

    /// Exports are part of the configuration.
    ///
    /// @param all tells those there are
    void exports(Supplier<List<ExportStatus>> all) {
        exports = all;
    }

    void onSaved(Runnable told) {
        saved = told;
    }

    /// Everything, in an order in which it can be made again.
    List<ConfigEntry> entries() {
        return entries(false);
    }

    /// The same.
    ///
    /// @param levels whether volumes are to have the credit for bursts that they have now
    List<ConfigEntry> entries(boolean levels) {
        final List<ConfigEntry> entries = new ArrayList<>(settings.entries());
        addUnapplied(FRAMEWORK, entries);
        QosCalls.classes(volumes.classes()).forEach(entries::add);
        for (final VolumeEntry volume : volumes.volumes()) {
            entries.add(VolumeCalls.entry(volume.spec()));
            QosCalls.entry(volume, levels).forEach(entries::add);
        }
        addUnapplied(BDEV, entries);
        for (final ControllerStatus controller : controllers.list()) {
            entries.addAll(VhostMethods.entries(controller));
        }
        addUnapplied(VHOST, entries);
        addUnapplied(SCSI, entries);
        exports.get().forEach(export -> entries.add(NbdMethods.entry(export)));
        addUnapplied(NBD, entries);
        return entries;
    }

    private void addUnapplied(String subsystem, List<ConfigEntry> entries) {
        unapplied.stream()
                .map(Unapplied::entry)
                .filter(entry -> subsystemOf(entry).equals(subsystem))
                .forEach(entries::add);
    }

    /// What of the state file could not be brought back.
    List<Unapplied> unapplied() {
        return List.copyOf(unapplied);
    }

    int restore() {
        final List<ConfigEntry> entries = state.load();
        unapplied = new ArrayList<>();
        entries.forEach(entry -> apply(entry, unapplied, Level.ERROR));
        LOG.log(
                Level.INFO,
                "restored " + (entries.size() - unapplied.size()) + " of " + entries.size() + " calls from "
                        + state.file());
        return unapplied.size();
    }

    int restore(String told) {
        final List<ConfigEntry> entries;
        try {
            entries = GateState.entriesOf(Json.parse(told.getBytes(StandardCharsets.UTF_8)));
        } catch (JacksonException malformed) {
            throw new IllegalArgumentException(malformed);
        }
        unapplied = new ArrayList<>();
        entries.forEach(entry -> apply(entry, unapplied, Level.ERROR));
        return unapplied.size();
    }

    void own() {
        state.load();
    }

    int retry() {
        final List<Unapplied> before = unapplied;
        final List<Unapplied> failing = new ArrayList<>();
        before.forEach(failed -> apply(failed.entry(), failing, Level.DEBUG));
        unapplied = failing;
        if (failing.size() != before.size() || unsaved) {
            final RpcError failure = save();
            if (failure != null) {
                LOG.log(Level.ERROR, failure.getMessage());
            }
        }
        return failing.size();
    }

    private void apply(ConfigEntry entry, List<Unapplied> failing, Level level) {
        replay(entry, result -> {
            final RpcError error = result.error();
            if (error != null) {
                LOG.log(
                        level,
                        "cannot bring back " + entry.method() + " " + entry.parameters() + ": " + error.getMessage()
                                + " (kept, and tried again)");
                failing.add(new Unapplied(entry, error));
            }
        });
    }

    /// Make a call of a configuration without saving it.
    void replay(ConfigEntry entry, Consumer<RpcResult> completion) {
        final boolean before = replaying;
        replaying = true;
        try {
            dispatcher.call(entry.method(), entry.parameters(), completion);
        } finally {
            replaying = before;
        }
    }

    /// An object was made or changed.
    ///
    /// @throws RpcError if that could not be saved; the change stands
    void changed(String subsystem, String object) {
        final RpcError failure = trySave(subsystem, object);
        if (failure != null) {
            throw failure;
        }
    }

    /// The same with the failure as an answer.
    @Nullable
    RpcError trySave(String subsystem, String object) {
        if (replaying) {
            return null;
        }
        unapplied.removeIf(failed -> subsystemOf(failed.entry()).equals(subsystem) && covers(object, failed.entry()));
        return save();
    }

    /// Whether an object that was made or changed is what an entry is about.
    private static boolean covers(String object, ConfigEntry entry) {
        final String other = objectOf(entry);
        return object.equals(other)
                || (object.equals(ChosenSettings.IDLE) && entry.method().equals(ChosenSettings.SET_IDLE));
    }

    /// Write the state file.
    ///
    /// @return why it could not be, or null
    @Nullable
    RpcError save() {
        try {
            state.save(entries());
            unsaved = false;
            saved.run();
            return null;
        } catch (GateStateException e) {
            unsaved = true;
            LOG.log(Level.ERROR, e.getMessage(), e);
            return new RpcError(
                    RpcError.IO_ERROR,
                    "Input/output error",
                    "",
                    "the change was made but not saved, so a restart would lose it: " + e.getMessage(),
                    "repeat the call once the cause is removed; it is idempotent");
        }
    }

    private static String subsystemOf(ConfigEntry entry) {
        return switch (entry.method()) {
            case ChosenSettings.SET_IDLE, ChosenSettings.SET_LEVEL -> FRAMEWORK;
            case "nbd_export_create" -> NBD;
            case ScsiMethods.CREATE, ScsiMethods.ADD_TARGET -> SCSI;
            default -> entry.method().startsWith("vhost_") ? VHOST : BDEV;
        };
    }

    /// The name of the object that an entry makes or changes.
    private static @Nullable String objectOf(ConfigEntry entry) {
        if (entry.method().equals("bdev_error_create")) {
            return FaultMethods.errorName(entry.parameters().path("base_name").stringValue(""));
        }
        if (subsystemOf(entry).equals(FRAMEWORK)) {
            return ChosenSettings.objectOf(entry.method(), entry.parameters());
        }
        if (entry.method().equals(QosCalls.CREATE_CLASS)) {
            return QosCalls.classObject(entry.parameters().path("class").stringValue(""));
        }
        if (entry.method().equals(ScsiMethods.ADD_TARGET)) {
            return ScsiMethods.objectOf(
                    entry.parameters().path("ctrlr").stringValue(""),
                    entry.parameters().path("scsi_target_num").longValue(-1));
        }
        final String subsystem = subsystemOf(entry);
        final String member = subsystem.equals(VHOST) || subsystem.equals(SCSI) ? "ctrlr" : "name";
        return entry.parameters().path(member).stringValue(null);
    }
}
