package io.basalt.scsi;

import io.basalt.scsi.Nexus.Attention;
import io.basalt.scsi.Registrations.Registration;
import io.basalt.scsi.ReservationRequest.Action;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// A unit's reservations: who may do what (SPC-4 section 5.13, and the older RESERVE of SPC-2).
///
/// Each change is made in three steps: the new state is kept, then enforced at every nexus, then answered. What was
/// let through before may still be under way then; only PREEMPT AND ABORT waits for it.
///
/// Concurrency: control reactor; [#current()] may be read by any thread.
final class Reservations {
    private final ReservationStore store;
    private final List<Nexus> nexuses;
    private final Consumer<Runnable> fence;
    private volatile Registrations current;
    private boolean saved;

    /// Who has the unit by RESERVE.
    private @Nullable Nexus reserver;

    /// @param bytes kept by an earlier life; empty if nothing was
    /// @param nexuses those there are, at any time
    /// @param fence runs a command when everything that has arrived is answered
    Reservations(byte[] bytes, ReservationStore store, List<Nexus> nexuses, Consumer<Runnable> fence) {
        this.store = store;
        this.nexuses = nexuses;
        this.fence = fence;
        this.current = bytes.length > 0 ? ReservationFormat.read(bytes) : Registrations.NONE;
        this.saved = bytes.length > 0;
    }

    /// What was kept is another's, newer state.
    void reload(byte[] bytes) {
        current = bytes.length > 0 ? ReservationFormat.read(bytes) : Registrations.NONE;
        saved = bytes.length > 0;
        enforce();
    }

    Registrations current() {
        return current;
    }

    /// Tell every nexus what it may not do.
    void enforce() {
        final Registrations now = current;
        for (final Nexus nexus : nexuses) {
            final boolean shutOut = reserver != null && !nexus.equals(reserver);
            nexus.denied(
                    shutOut ? Command.Need.READ | Command.Need.WRITE | Command.Need.OPEN : now.denied(nexus.name()));
        }
    }

    /// A nexus is gone: what it had reserved with RESERVE is free.
    void left(Nexus nexus) {
        if (nexus.equals(reserver)) {
            reset();
        }
    }

    /// The unit was reset: RESERVE has no effect any more; persistent reservations stay.
    void reset() {
        reserver = null;
        enforce();
    }

    /// Do what a command asks.
    ///
    /// @param done told, now or later, a status, or the negative of a sense condition
    void execute(Nexus nexus, ReservationRequest request, IntConsumer done) {
        final int outcome = switch (request.action()) {
            case RESERVE_UNIT -> reserveUnit(nexus);
            case RELEASE_UNIT -> releaseUnit(nexus);
            case REGISTER, REGISTER_AND_IGNORE_EXISTING_KEY -> register(nexus, request);
            case RESERVE -> reserve(nexus, request);
            case RELEASE -> release(nexus, request);
            case CLEAR -> clear(nexus, request);
            case PREEMPT, PREEMPT_AND_ABORT -> preempt(nexus, request);
        };
        if (outcome == ScsiSpec.GOOD && request.action() == Action.PREEMPT_AND_ABORT) {
            fence.accept(() -> done.accept(outcome));
        } else {
            done.accept(outcome);
        }
    }

    private int reserveUnit(Nexus nexus) {
        if (!current.all().isEmpty() || (reserver != null && !nexus.equals(reserver))) {
            return ScsiSpec.RESERVATION_CONFLICT;
        }
        reserver = nexus;
        enforce();
        return ScsiSpec.GOOD;
    }

    private int releaseUnit(Nexus nexus) {
        if (!current.all().isEmpty()) {
            return ScsiSpec.RESERVATION_CONFLICT;
        }
        left(nexus);
        return ScsiSpec.GOOD;
    }

    private int register(Nexus nexus, ReservationRequest request) {
        final Registrations now = current;
        final Registration own = now.of(nexus.name());
        final boolean ignoring = request.action() == Action.REGISTER_AND_IGNORE_EXISTING_KEY;
        if (reserver != null || (!ignoring && request.key() != (own == null ? 0 : own.key()))) {
            return ScsiSpec.RESERVATION_CONFLICT;
        }
        if (own == null && request.actionKey() == 0) {
            return ScsiSpec.GOOD;
        }
        if (own == null && now.all().size() >= Registrations.COUNT_MAX) {
            return -Sense.INSUFFICIENT_REGISTRATION_RESOURCES;
        }
        if (request.actionKey() == 0) {
            return unregister(nexus, request.lasting());
        }
        final Registration wanted = new Registration(nexus.name(), request.actionKey(), nexus.port());
        final List<Registration> all = new ArrayList<>(now.all());
        if (own == null) {
            all.add(wanted);
        } else {
            all.set(all.indexOf(own), wanted);
        }
        return change(new Registrations(now.generation() + 1, all, now.type(), now.holder(), request.lasting()));
    }

    private int unregister(Nexus nexus, boolean lasting) {
        final Registrations now = current;
        final ReservationType type = now.type();
        final List<Registration> rest = without(each -> each.initiator().equals(nexus.name()));
        final boolean ends = type != null
                && (type.heldByAll() ? rest.isEmpty() : now.holder().equals(nexus.name()));
        final int outcome = change(
                new Registrations(now.generation() + 1, rest, ends ? null : type, ends ? "" : now.holder(), lasting));
        if (outcome == ScsiSpec.GOOD && ends && type != null && type.sparesRegistrants()) {
            attendRegistrants(nexus, Attention.RESERVATIONS_RELEASED);
        }
        return outcome;
    }

    private int reserve(Nexus nexus, ReservationRequest request) {
        final Registrations now = current;
        final ReservationType type = ReservationType.of(request.type());
        if (!isRegistered(nexus, request)) {
            return ScsiSpec.RESERVATION_CONFLICT;
        }
        if (type == null || request.scope() != 0) {
            return -Sense.INVALID_FIELD_IN_CDB;
        }
        if (now.type() != null) {
            return now.isHolder(nexus.name()) && now.type() == type ? ScsiSpec.GOOD : ScsiSpec.RESERVATION_CONFLICT;
        }
        return change(new Registrations(
                now.generation(), now.all(), type, type.heldByAll() ? "" : nexus.name(), now.lasting()));
    }

    private int release(Nexus nexus, ReservationRequest request) {
        final Registrations now = current;
        final ReservationType type = now.type();
        if (!isRegistered(nexus, request)) {
            return ScsiSpec.RESERVATION_CONFLICT;
        }
        if (type == null || !now.isHolder(nexus.name())) {
            return ScsiSpec.GOOD;
        }
        if (request.scope() != 0 || request.type() != type.code()) {
            return -Sense.INVALID_RELEASE_OF_PERSISTENT_RESERVATION;
        }
        final int outcome = change(new Registrations(now.generation(), now.all(), null, "", now.lasting()));
        if (outcome == ScsiSpec.GOOD && type.sparesRegistrants()) {
            attendRegistrants(nexus, Attention.RESERVATIONS_RELEASED);
        }
        return outcome;
    }

    private int clear(Nexus nexus, ReservationRequest request) {
        final Registrations now = current;
        if (!isRegistered(nexus, request)) {
            return ScsiSpec.RESERVATION_CONFLICT;
        }
        final int outcome = change(new Registrations(now.generation() + 1, List.of(), null, "", now.lasting()));
        if (outcome == ScsiSpec.GOOD) {
            attend(now.all(), nexus, Attention.RESERVATIONS_PREEMPTED);
        }
        return outcome;
    }

    private int preempt(Nexus nexus, ReservationRequest request) {
        final Registrations now = current;
        final ReservationType held = now.type();
        if (!isRegistered(nexus, request)) {
            return ScsiSpec.RESERVATION_CONFLICT;
        }
        final boolean allHold = held != null && held.heldByAll();
        final long victim = request.actionKey();
        if (victim == 0 && !allHold) {
            return -Sense.INVALID_FIELD_IN_PARAMETER_LIST;
        }
        final boolean takes = held != null && (allHold ? victim == 0 : victim == now.holderKey());
        final Predicate<Registration> goes =
                each -> !each.initiator().equals(nexus.name()) && (victim == 0 || each.key() == victim);
        final boolean own =
                now.all().stream().anyMatch(each -> each.initiator().equals(nexus.name()) && each.key() == victim);
        if (!takes && !own && now.all().stream().noneMatch(goes)) {
            return ScsiSpec.RESERVATION_CONFLICT;
        }
        final ReservationType wanted = takes ? ReservationType.of(request.type()) : held;
        if (takes && (wanted == null || request.scope() != 0)) {
            return -Sense.INVALID_FIELD_IN_CDB;
        }
        final String holder = takes ? (wanted != null && wanted.heldByAll() ? "" : nexus.name()) : now.holder();
        final List<Registration> gone = now.all().stream().filter(goes).toList();
        final int outcome =
                change(new Registrations(now.generation() + 1, without(goes), wanted, holder, now.lasting()));
        if (outcome == ScsiSpec.GOOD) {
            attend(gone, nexus, Attention.REGISTRATIONS_PREEMPTED);
            if (takes && held != null && wanted != held && held.sparesRegistrants()) {
                attendRegistrants(nexus, Attention.RESERVATIONS_RELEASED);
            }
        }
        return outcome;
    }

    private boolean isRegistered(Nexus nexus, ReservationRequest request) {
        final Registration own = current.of(nexus.name());
        return own != null && own.key() == request.key();
    }

    private List<Registration> without(Predicate<Registration> those) {
        return current.all().stream().filter(those.negate()).toList();
    }

    private int change(Registrations next) {
        if (next.lasting() || saved) {
            final boolean keeps = next.lasting() && !next.all().isEmpty();
            if (!store.save(keeps ? ReservationFormat.write(next) : new byte[0])) {
                return -Sense.INTERNAL_TARGET_FAILURE;
            }
            saved = keeps;
        }
        current = next;
        enforce();
        return ScsiSpec.GOOD;
    }

    private void attendRegistrants(Nexus except, Attention attention) {
        attend(current.all(), except, attention);
    }

    private void attend(List<Registration> whom, Nexus except, Attention attention) {
        for (final Nexus nexus : nexuses) {
            final boolean meant =
                    whom.stream().anyMatch(each -> each.initiator().equals(nexus.name()));
            if (meant && !nexus.equals(except)) {
                nexus.attend(attention);
            }
        }
    }
}
