package io.basalt.reactor;

/// The poller that drains a mailbox in its owner reactor.
///
/// Arming asks nothing of anybody: the mailbox's doorbell is the reactor's own and is armed before its pollers.
public final class MailboxPoller implements Poller {
    private final Mailbox mailbox;
    private final MailboxHandler handler;
    private final int limit;

    /// A poller to be added to the reactor whose [Reactor#doorbell()] the mailbox rings.
    ///
    /// @param limit messages handled in one pass at most, 1 and up
    public MailboxPoller(Mailbox mailbox, MailboxHandler handler, int limit) {
        if (limit < 1) {
            throw new IllegalArgumentException("mailbox limit must be 1 or more, is " + limit);
        }
        this.mailbox = mailbox;
        this.handler = handler;
        this.limit = limit;
    }

    @Override
    public int poll(long nowNs) {
        return mailbox.drain(handler, limit);
    }

    @Override
    public boolean arm() {
        return mailbox.isEmpty();
    }

    @Override
    public void disarm() {}
}
