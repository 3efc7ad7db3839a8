package io.basalt.endtoend.chaos;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// Processes that must not outlive this one, also when it is interrupted.
final class Children {
    private static final Set<Process> RUNNING = ConcurrentHashMap.newKeySet();

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> RUNNING.forEach(Process::destroyForcibly)));
    }

    private Children() {}

    static void add(Process process) {
        RUNNING.removeIf(each -> !each.isAlive());
        RUNNING.add(process);
    }
}
