package io.basalt.linux.process;

import io.basalt.linux.LinuxException;
import io.basalt.linux.Syscall;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// A bound the kernel puts on this process.
///
/// @param soft what is enforced; [#UNLIMITED] for no bound
/// @param hard up to where the process may raise the soft bound itself; [#UNLIMITED] for no bound
public record ResourceLimit(long soft, long hard) {
    /// No bound (`RLIM_INFINITY`).
    public static final long UNLIMITED = -1;

    /// What is bounded.
    public enum Resource {
        /// One above the highest file descriptor.
        OPEN_FILES(ProcessSpec.RLIMIT_NOFILE),
        /// Bytes of pinned memory.
        LOCKED_MEMORY(ProcessSpec.RLIMIT_MEMLOCK);

        private final int number;

        Resource(int number) {
            this.number = number;
        }
    }

    /// The bound now.
    public static ResourceLimit of(Resource resource) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment limit = arena.allocate(ProcessSpec.RLIMIT);
            final long result = Syscall.call(Syscall.PRLIMIT64, 0, resource.number, 0, limit.address());
            LinuxException.check("prlimit", result, resource.name());
            return new ResourceLimit(limit.get(ValueLayout.JAVA_LONG, 0), limit.get(ValueLayout.JAVA_LONG, Long.BYTES));
        }
    }

    /// Makes this the bound of the process.
    ///
    /// @throws LinuxException if the hard bound would rise and the process may not do that
    public void apply(Resource resource) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment limit = arena.allocateFrom(ValueLayout.JAVA_LONG, soft, hard);
            final long result = Syscall.call(Syscall.PRLIMIT64, 0, resource.number, limit.address(), 0);
            LinuxException.check("prlimit", result, resource + " soft " + soft + ", hard " + hard);
        }
    }

    /// Raises the soft bound to the hard one, and answers the bound that holds then.
    public static ResourceLimit raise(Resource resource) {
        final ResourceLimit now = of(resource);
        final ResourceLimit raised = new ResourceLimit(now.hard, now.hard);
        raised.apply(resource);
        return raised;
    }
}
