package io.basalt.scsi;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;

/// One initiator's way to one logical unit (SAM's I_T_L nexus): what the unit has to tell it, and what a
/// reservation takes from it.
///
/// Concurrency:
///
/// | field | reader | writer |
/// |---|---|---|
/// | unit, name, port | final | - |
/// | attentions | volatile, once per command | atomic, any thread |
/// | denied | volatile, once per command | control reactor ([Reservations]) |
/// | descriptorSense | volatile, at each error | any queue's reactor (MODE SELECT) |
public final class Nexus {
    /// A unit attention condition (SAM-5 5.14), in the order in which they are told.
    public enum Attention {
        /// The unit was reset.
        BUS_DEVICE_RESET(1, Sense.BUS_DEVICE_RESET_FUNCTION_OCCURRED),
        /// Another nexus has changed mode parameters.
        MODE_PARAMETERS_CHANGED(2, Sense.MODE_PARAMETERS_CHANGED),
        /// Another nexus has taken the reservation away.
        RESERVATIONS_PREEMPTED(4, Sense.RESERVATIONS_PREEMPTED),
        /// The reservation that this registrant had part in is gone.
        RESERVATIONS_RELEASED(8, Sense.RESERVATIONS_RELEASED),
        /// Another nexus has removed this one's registration.
        REGISTRATIONS_PREEMPTED(16, Sense.REGISTRATIONS_PREEMPTED),
        /// The unit has another size.
        CAPACITY_CHANGED(32, Sense.CAPACITY_DATA_HAS_CHANGED),
        /// There are other logical units.
        LUNS_CHANGED(64, Sense.REPORTED_LUNS_DATA_HAS_CHANGED);

        private final int bit;
        private final int condition;

        Attention(int bit, int condition) {
            this.bit = bit;
            this.condition = condition;
        }
    }

    private static final int[] CONDITIONS = conditions();
    private static final VarHandle ATTENTIONS;

    static {
        try {
            ATTENTIONS = MethodHandles.lookup().findVarHandle(Nexus.class, "attentions", int.class);
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }

    private final LogicalUnit unit;
    private final String name;
    private final int port;

    @SuppressWarnings("unused") // through the handle
    private volatile int attentions;

    private volatile int denied;
    private volatile boolean descriptorSense;

    /// @param name of the initiator; the same after every restart, for registrations are kept under it
    /// @param port relative target port, 1 to 65535
    public Nexus(LogicalUnit unit, String name, int port) {
        this.unit = unit;
        this.name = name;
        this.port = port;
    }

    private static int[] conditions() {
        final Attention[] all = Attention.values();
        final int[] conditions = new int[all.length];
        for (int i = 0; i < all.length; i++) {
            conditions[Integer.numberOfTrailingZeros(all[i].bit)] = all[i].condition;
        }
        return conditions;
    }

    /// The unit at its end.
    public LogicalUnit unit() {
        return unit;
    }

    /// Name of the initiator.
    public String name() {
        return name;
    }

    int port() {
        return port;
    }

    /// Have the initiator told of something with its next command. Any thread.
    public void attend(Attention attention) {
        final int _ = (int) ATTENTIONS.getAndBitwiseOr(this, attention.bit);
    }

    /// Take what the initiator is to be told first.
    ///
    /// @return a condition, or [Sense#NO_SENSE]
    int takeAttention() {
        int pending = attentions;
        while (pending != 0) {
            final int lowest = Integer.lowestOneBit(pending);
            if (ATTENTIONS.compareAndSet(this, pending, pending & ~lowest)) {
                return CONDITIONS[Integer.numberOfTrailingZeros(lowest)];
            }
            pending = attentions;
        }
        return Sense.NO_SENSE;
    }

    boolean hasAttention() {
        return attentions != 0;
    }

    /// The initiator has read the list of units.
    void lunsReported() {
        final int _ = (int) ATTENTIONS.getAndBitwiseAnd(this, ~Attention.LUNS_CHANGED.bit);
    }

    /// The [Command.Need]s that reservations of others take from this nexus.
    int denied() {
        return denied;
    }

    void denied(int needs) {
        denied = needs;
    }

    /// Whether sense data has the descriptor format (D_SENSE of the control mode page).
    boolean descriptorSense() {
        return descriptorSense;
    }

    void descriptorSense(boolean wanted) {
        descriptorSense = wanted;
    }

    /// The name of the initiator's port in TransportIDs: a locally assigned one that follows from its name.
    static long portName(String initiator) {
        final CRC32C sum = new CRC32C();
        sum.update(initiator.getBytes(StandardCharsets.UTF_8));
        return 0x3L << 60 | sum.getValue() << 16 | (initiator.length() & 0xffff);
    }
}
