package io.basalt.endtoend.harness;

import java.io.IOException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// The start of a process that does not outlive the tests, not even when they are stopped from outside.
final class ChildProcess {
    private static final Set<ProcessHandle> RUNNING = ConcurrentHashMap.newKeySet();

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> RUNNING.forEach(ProcessHandle::destroyForcibly)));
    }

    private ChildProcess() {}

    static Process start(ProcessBuilder builder) throws IOException {
        RUNNING.removeIf(process -> !process.isAlive());
        final Process process = builder.start();
        adopt(process.toHandle());
        return process;
    }

    /// A process that one of them has started does not outlive the tests, either.
    static void adopt(ProcessHandle process) {
        RUNNING.add(process);
    }
}
