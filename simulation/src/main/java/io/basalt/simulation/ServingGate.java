package io.basalt.simulation;

import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// One life of a gate, whatever it serves its disks over.
interface ServingGate {
    /// What the network knows the process by.
    String host();

    /// Of the node; that of an earlier process is the same gate once more.
    UUID uuid();

    List<? extends Disk> served();

    boolean isGone();

    /// Note what the volumes have counted.
    void observe();

    /// End the process, at this very moment.
    ///
    /// @param silent whether its peers hear nothing of that
    void crash(boolean silent);

    /// Let the process not run for a while.
    void pause(long untilNs);

    /// Let one of the data reactors not run for a while.
    void pauseReactor(int index, long untilNs);

    /// A volume that a gate serves, or tries to.
    interface Disk {
        DiskHistory disk();

        /// The virtual machine; null before there is one.
        @Nullable
        Guest guest();

        /// Whether the volume is attached, as far as the gate knows.
        boolean isAttached();

        /// Whether another attachment has taken the volume away.
        boolean isLost();
    }
}
