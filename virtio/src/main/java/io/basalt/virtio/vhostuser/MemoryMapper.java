package io.basalt.virtio.vhostuser;

import java.lang.foreign.MemorySegment;

/// The way from a front end's file descriptors to memory of this process. Implemented over the operating
/// system; everything it is given is hostile.
///
/// Descriptors stay the caller's: no method closes one, and a mapping must outlive its descriptor. Called
/// on the session's owner thread only. Sizes and offsets have been checked for sign and overflow before.
public interface MemoryMapper {
    /// Which file a descriptor names. A mapping keeps its file alive, so equal identities mean the same
    /// pages for as long as one of them is mapped.
    record FileIdentity(long device, long inode) {}

    /// Memory that is mapped until [#unmap].
    interface Mapping {
        /// The bytes, exactly as many as were asked for. Not to be touched after [#unmap].
        MemorySegment memory();

        /// Whether the front end cannot take the memory away: the file is sealed against shrinking, and its
        /// pages come from no pool that may be empty when a hole is filled again.
        default boolean sealed() {
            return false;
        }

        /// A descriptor of the mapped file, which is the mapping's own and open until [#unmap].
        int fd();

        /// Take the memory away. Called exactly once, after the last user has said that it is done.
        void unmap();
    }

    /// Name the file behind a descriptor.
    ///
    /// @throws RefusedException if the descriptor cannot be examined
    FileIdentity identify(int fd) throws RefusedException;

    /// Map a region of guest memory: shared, readable and writable. Checks the kind of file (memfd, tmpfs,
    /// hugetlbfs), that the file holds `mmapOffset + size` bytes, seals it against shrinking where it can,
    /// and touches every page so that a hole shows here and not as a fault under I/O.
    ///
    /// @param size bytes, at least 1
    /// @param mmapOffset offset of the first byte in the file, a multiple of 4096
    /// @throws RefusedException naming what is wrong with the file
    Mapping mapGuest(int fd, long size, long mmapOffset) throws RefusedException;

    /// Map the dirty log of a migration.
    ///
    /// @param size bytes, at least 8
    /// @param mmapOffset a multiple of 4096
    /// @throws RefusedException naming what is wrong with the file
    Mapping mapLog(int fd, long size, long mmapOffset) throws RefusedException;

    /// Map an inflight region.
    ///
    /// @param size bytes, at least 1
    /// @param mmapOffset a multiple of 4096
    /// @throws RefusedException naming what is wrong with the file
    Mapping mapInflight(int fd, long size, long mmapOffset) throws RefusedException;

    /// Make a zero-filled shared memory file for an inflight region.
    ///
    /// @param size bytes, at least 1
    /// @return its descriptor, owned by the caller
    /// @throws RefusedException if there is no memory or no descriptor left
    int createInflight(long size) throws RefusedException;
}
