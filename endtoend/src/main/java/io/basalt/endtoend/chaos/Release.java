package io.basalt.endtoend.chaos;

import io.basalt.cli.serve.ChildJvm;
import java.util.ArrayList;
import java.util.List;

/// Which software a process runs.
///
/// @param classPath of it; empty for that of this process
/// @param options of its Java
record Release(String classPath, List<String> options) {
    /// What is being tested.
    static final Release THIS = new Release("", List.of());

    /// System property: the class path of the release before, such as its folder of jars with `/*` at the
    /// end.
    private static final String PREVIOUS_PROPERTY = "basalt.previous.jar";

    /// The release before: what the property names; if there is none, this one, which speaks only what
    /// that spoke.
    static Release previous() {
        final String named = System.getProperty(PREVIOUS_PROPERTY, "");
        return named.isEmpty() ? new Release("", List.of("-Dbasalt.protocol.most=1")) : new Release(named, List.of());
    }

    /// The words that start a process.
    ///
    /// @param arguments of the basalt command
    List<String> command(List<String> arguments) {
        final List<String> command = new ArrayList<>(ChildJvm.command(arguments));
        command.addAll(1, options);
        if (!classPath.isEmpty()) {
            command.set(command.indexOf("-cp") + 1, classPath);
        }
        return command;
    }
}
