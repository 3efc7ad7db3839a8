package io.basalt.reactor;

/// What a reactor does with a message out of a [Mailbox].
@FunctionalInterface
public interface MailboxHandler {
    /// A message has come. Runs in the thread of the mailbox's owner, allocates nothing and never blocks.
    ///
    /// @param type what the message is, as agreed between sender and owner
    void message(long type, long first, long second, long third);
}
