package io.basalt.gate.qos;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The classes of a gate by name: the built-in ones, and those that operators have made. One owner: the control
/// reactor.
public final class QosClasses {
    private final Map<String, QosClass> byName = new LinkedHashMap<>();

    /// The built-in ones.
    public QosClasses() {
        put(QosClass.SSD);
        put(QosClass.RSSD);
    }

    /// Add a class, or replace the one of the same name.
    ///
    /// @throws IllegalArgumentException if the name is a built-in one's
    public void define(QosClass made) {
        requireCustom(made.name());
        put(made);
    }

    private void put(QosClass made) {
        byName.put(made.name(), made);
    }

    /// Remove a class that no volume has.
    ///
    /// @return false if there is none
    /// @throws IllegalArgumentException if the name is a built-in one's
    public boolean remove(String name) {
        requireCustom(name);
        return byName.remove(name) != null;
    }

    private static void requireCustom(String name) {
        if (isBuiltIn(name)) {
            throw new IllegalArgumentException("'" + name + "' is built in");
        }
    }

    /// Whether a class cannot be changed.
    public static boolean isBuiltIn(String name) {
        return name.equals(QosClass.SSD.name()) || name.equals(QosClass.RSSD.name());
    }

    /// The class of a name, or null.
    public @Nullable QosClass find(String name) {
        return byName.get(name);
    }

    /// All classes, the built-in ones first.
    public List<QosClass> classes() {
        return List.copyOf(byName.values());
    }
}
