package io.basalt.linux.socket;

/// The process at the other end of a Unix socket: its process, user and group ids.
public record PeerCredentials(int pid, int uid, int gid) {}
