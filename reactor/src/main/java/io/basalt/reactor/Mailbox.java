package io.basalt.reactor;

/// A bounded queue of fixed-size messages from other threads to one reactor, the owner, which takes them in
/// order. The data path's way between reactors: allocates nothing, never blocks.
///
/// A message is four longs: a type and three arguments. Whatever is larger goes by an agreed index.
public sealed interface Mailbox permits RingMailbox {
    /// Appends a message and wakes the owner if it sleeps.
    ///
    /// @return false, and nothing is sent, if the mailbox is full: back-pressure for the sender to act on
    boolean offer(long type, long first, long second, long third);

    /// Takes messages, oldest first, and hands each to the handler. Owner only. If the handler throws, the messages
    /// up to and including that one are gone and the rest stays.
    ///
    /// @param limit messages taken at most
    /// @return messages taken
    int drain(MailboxHandler handler, int limit);

    /// True if no message can be taken now. Owner only; after [Doorbell#arm()] a message that this does not see
    /// will ring.
    boolean isEmpty();

    /// Messages that it holds at most, a power of two.
    int capacity();
}
