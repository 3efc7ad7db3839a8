package io.basalt.gate.rpc;

import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// What the methods need of the gate's NBD exports. Every call and every completion is in the control
/// reactor.
public interface ExportHost {
    /// Make an export and listen for clients. No export has the name, and the volume exists.
    ///
    /// @throws RpcError if it cannot be; nothing is left behind
    void create(ExportSpec spec);

    /// Hang up on an export's clients once what they have asked for is answered, and remove it.
    ///
    /// @param completion called once, now or later, when the export is gone. If there is none of the
    ///     name it is gone already.
    void delete(String name, Runnable completion);

    /// All exports, in the order of their making; those under deletion too.
    List<ExportStatus> list();

    /// The export of a name, or null.
    default @Nullable ExportStatus find(String name) {
        for (final ExportStatus export : list()) {
            if (export.spec().name().equals(name)) {
                return export;
            }
        }
        return null;
    }

    /// Remove all exports.
    ///
    /// @param done run once, when the last one is gone
    default void deleteAll(Runnable done) {
        final List<ExportStatus> all = list();
        final int[] left = {all.size()};
        final Consumer<String> gone = _ -> {
            left[0]--;
            if (left[0] == 0) {
                done.run();
            }
        };
        all.forEach(export ->
                delete(export.spec().name(), () -> gone.accept(export.spec().name())));
        if (all.isEmpty()) {
            done.run();
        }
    }
}
