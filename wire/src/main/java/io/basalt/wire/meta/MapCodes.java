package io.basalt.wire.meta;

import io.basalt.placement.DeviceState;
import io.basalt.placement.ExceptionEntry;
import io.basalt.placement.FailureDomain;

/// The stable numbers of the map's enumerations, on the wire, in the log and in snapshots.
public final class MapCodes {
    private MapCodes() {}

    /// The number of a failure domain.
    public static int of(FailureDomain domain) {
        return switch (domain) {
            case ROOM -> 1;
            case RACK -> 2;
            case HOST -> 3;
            case DEVICE -> 4;
        };
    }

    /// The failure domain of a number.
    public static FailureDomain failureDomain(int number) {
        return switch (number) {
            case 1 -> FailureDomain.ROOM;
            case 2 -> FailureDomain.RACK;
            case 3 -> FailureDomain.HOST;
            case 4 -> FailureDomain.DEVICE;
            default -> throw new MetaFormatException("failure domain is " + number + ", expected 1 to 4");
        };
    }

    /// The number of a device state.
    public static int of(DeviceState state) {
        return switch (state) {
            case UP_IN -> 1;
            case FULL -> 2;
            case DOWN_IN -> 3;
            case DRAINING -> 4;
            case OUT -> 5;
        };
    }

    /// The device state of a number.
    public static DeviceState deviceState(int number) {
        return switch (number) {
            case 1 -> DeviceState.UP_IN;
            case 2 -> DeviceState.FULL;
            case 3 -> DeviceState.DOWN_IN;
            case 4 -> DeviceState.DRAINING;
            case 5 -> DeviceState.OUT;
            default -> throw new MetaFormatException("device state is " + number + ", expected 1 to 5");
        };
    }

    /// The number of an exception's reason.
    public static int of(ExceptionEntry.Reason reason) {
        return switch (reason) {
            case BALANCE -> 1;
            case OPERATOR -> 2;
            case TEMPORARY -> 3;
        };
    }

    /// The reason of a number.
    public static ExceptionEntry.Reason exceptionReason(int number) {
        return switch (number) {
            case 1 -> ExceptionEntry.Reason.BALANCE;
            case 2 -> ExceptionEntry.Reason.OPERATOR;
            case 3 -> ExceptionEntry.Reason.TEMPORARY;
            default -> throw new MetaFormatException("exception reason is " + number + ", expected 1 to 3");
        };
    }
}
