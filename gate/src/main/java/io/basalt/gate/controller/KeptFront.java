package io.basalt.gate.controller;

/// What is made known of a controller's front ends, so that it outlives the process: the session whose
/// rings run, or ran last. Control reactor.
final class KeptFront {
    private final SessionKeeper keeper;
    private final Backend backend;
    private final Fronts fronts;

    KeptFront(SessionKeeper keeper, Backend backend, Fronts fronts) {
        this.keeper = keeper;
        this.backend = backend;
        this.fronts = fronts;
    }

    /// Bytes are about to be taken from a front end, or its session ends.
    void hears(Front which) {
        if (which.equals(fronts.first())) {
            keeper.hears();
        }
    }

    /// There were none.
    void heardNothing(Front which) {
        if (which.equals(fronts.first())) {
            keeper.heardNothing();
        }
    }

    /// A front end's message has been handled.
    ///
    /// @param kept run when that is known, or need not be
    void handled(Front which, Runnable kept) {
        if (which.equals(fronts.first())) {
            keep(which, kept);
        } else {
            kept.run();
        }
    }

    /// The rings of this one run from now on.
    void runs(Front which) {
        if (!which.equals(fronts.first())) {
            // Known from the message on that has its rings run; or now, if they have waited for that.
            keeper.hears();
            fronts.run(which);
            keep();
        }
    }

    /// Make known the session whose rings run, if no message is under way: otherwise it is known when
    /// that has been handled.
    void keep() {
        final Front current = fronts.first();
        if (current == null) {
            keeper.keep(backend.writeback(), -1, null, () -> {});
        } else if (current.session().between()) {
            keep(current, () -> {});
        }
    }

    private void keep(Front current, Runnable kept) {
        if (keeper.active()) {
            keeper.keep(
                    backend.writeback(), current.connection(), current.session().image(), kept);
        } else {
            kept.run();
        }
    }

    /// The session that was known is released.
    void forget() {
        keeper.keep(backend.writeback(), -1, null, () -> {});
        if (!fronts.isEmpty()) {
            keep();
        }
    }
}
