package io.basalt.gate.holder;

import io.basalt.linux.Errno;
import io.basalt.linux.process.ServiceManager;
import java.lang.System.Logger.Level;

/// The service manager's descriptor store (systemd: `FileDescriptorStoreMax=` in the unit).
public final class ServiceStore implements Depository {
    private static final System.Logger LOG = System.getLogger(ServiceStore.class.getName());

    private final String socket;

    /// @param socket the service manager's, as it has told this process
    public ServiceStore(String socket) {
        this.socket = socket;
    }

    @Override
    public void put(String name, int fd) {
        warn(name, ServiceManager.store(socket, name, fd));
    }

    @Override
    public void remove(String name) {
        warn(name, ServiceManager.forget(socket, name));
    }

    private static void warn(String name, int result) {
        if (result < 0) {
            LOG.log(
                    Level.WARNING,
                    "the service manager does not hear of descriptor {0} ({1}): what is held would not outlive the holder",
                    name,
                    Errno.describe(-result));
        }
    }
}
