package io.basalt.linux.event;

/// The kernel's constants for eventfds, in the kernel's spelling.
public final class EventSpec {
    public static final int EFD_NONBLOCK = 0x800;
    public static final int EFD_CLOEXEC = 0x80000;

    private EventSpec() {}
}
