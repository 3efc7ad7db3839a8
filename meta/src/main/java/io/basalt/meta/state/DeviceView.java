package io.basalt.meta.state;

/// What the rules about copies need to know of the devices that keep them.
interface DeviceView {
    /// Whether a device serves: its node is up, has presented it, and it gives no errors.
    boolean answers(int deviceId);

    /// Whether a device is recorded as broken. It does not answer, and will not by itself.
    boolean failed(int deviceId);
}
