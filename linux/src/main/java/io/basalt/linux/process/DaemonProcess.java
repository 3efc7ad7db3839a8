package io.basalt.linux.process;

import io.basalt.linux.process.ResourceLimit.Resource;

/// What a daemon asks of the kernel before it starts its threads.
public final class DaemonProcess {
    private DaemonProcess() {}

    /// Gives up, for the calling thread and all that it starts, the gaining of privileges by running programs, and
    /// raises the bounds on descriptors and pinned memory as far as the process may.
    ///
    /// @return for the log: the bounds that hold now, and what follows from a low one
    /// @throws io.basalt.linux.LinuxException if the kernel refuses
    public static String prepare() {
        ProcessControl.forbidNewPrivileges();
        final ResourceLimit files = ResourceLimit.raise(Resource.OPEN_FILES);
        final ResourceLimit pinned = ResourceLimit.raise(Resource.LOCKED_MEMORY);
        final String text = "open files up to " + text(files) + ", pinned memory up to " + text(pinned);
        return pinned.soft() == ResourceLimit.UNLIMITED
                ? text
                : text + " bytes unless privileged (guests' memory beyond that works, but is pinned anew for each"
                        + " request: raise LimitMEMLOCK)";
    }

    private static String text(ResourceLimit limit) {
        return limit.soft() == ResourceLimit.UNLIMITED ? "any number" : String.valueOf(limit.soft());
    }
}
