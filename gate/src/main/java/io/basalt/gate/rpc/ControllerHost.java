package io.basalt.gate.rpc;

import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// What the methods need of the gate's controllers. Every call and every completion is in the control
/// reactor.
public interface ControllerHost {
    /// Make a controller and open its socket. No controller has the name, and the volume exists.
    ///
    /// @throws RpcError if it cannot be; nothing is left behind
    void create(ControllerSpec spec);

    /// Close a controller's sessions, let its requests finish, and remove it and its socket.
    ///
    /// @param completion called once, now or later, with null when the controller is gone or with why it
    ///     is not. If no controller has the name it is gone already.
    void delete(String name, Consumer<@Nullable RpcError> completion);

    /// Give a SCSI controller, which exists, another target; true to what is there already.
    ///
    /// @param number of the target, or -1 for the first that is free
    /// @param volume that exists
    /// @return the target's number
    /// @throws RpcError if it cannot be
    int addTarget(String name, int number, String volume);

    /// Take a target, which exists, from a SCSI controller: its requests are answered first.
    ///
    /// @param completion called once, now or later, with null when the target is gone or with why it is not
    void removeTarget(String name, int number, Consumer<@Nullable RpcError> completion);

    /// All controllers, in the order of their making; those under deletion too.
    List<ControllerStatus> list();

    /// Delay calls to the guest to spare it interrupts. The controller exists.
    ///
    /// @param delayBaseUs longest delay in microseconds; 0 for none
    /// @param iopsThreshold requests per second below which calls are not delayed
    /// @throws RpcError if it cannot be
    void coalescing(String name, int delayBaseUs, int iopsThreshold);

    /// Set whether the guest is told of a write cache that it has to flush. The controller exists.
    void writeback(String name, boolean enabled);

    /// Have a queue that runs live on another data reactor: what it has in flight is answered on the old
    /// one first, and the guest notices a pause.
    ///
    /// @param reactor id of the reactor
    /// @param moved called once, now or later, with null when it runs there or with why it does not
    void moveQueue(String name, int queue, int reactor, Consumer<@Nullable String> moved);

    /// Be told when a guest has changed what must outlive the gate: its cache mode. Called before the
    /// guest's request is answered.
    void onChange(ChangeListener listener);

    /// Hears of a change that a guest made.
    @FunctionalInterface
    interface ChangeListener {
        /// A controller's state has changed.
        void changed(String name);
    }

    /// The controller of a name, or null.
    default @Nullable ControllerStatus find(String name) {
        for (final ControllerStatus controller : list()) {
            if (controller.spec().name().equals(name)) {
                return controller;
            }
        }
        return null;
    }
}
