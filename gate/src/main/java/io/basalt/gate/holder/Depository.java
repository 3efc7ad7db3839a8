package io.basalt.gate.holder;

/// Where descriptors outlive the process that puts them there. Control reactor.
public interface Depository {
    /// None: what is put there is not kept.
    Depository NONE = new Depository() {
        @Override
        public void put(String name, int fd) {
            // Nobody keeps it.
        }

        @Override
        public void remove(String name) {
            // Nobody has it.
        }
    };

    /// Have a descriptor kept.
    ///
    /// @param name that none has which is kept
    /// @param fd stays the caller's
    void put(String name, int fd);

    /// Have it closed.
    void remove(String name);
}
