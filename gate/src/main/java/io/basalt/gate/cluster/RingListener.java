package io.basalt.gate.cluster;

/// Who must know whose virtqueues use a volume: for a cluster's volume that decides whether this gate
/// may take the attachment. Control reactor.
///
/// A *session* is one connection of a front end, known by its identity.
public interface RingListener {
    /// For volumes that no other gate can have.
    RingListener NONE = new RingListener() {
        @Override
        public void ringsStart(Object session) {}

        @Override
        public void ringsStopped(Object session, boolean moving) {}

        @Override
        public void sessionEnds(Object session, Runnable abandon) {}

        @Override
        public void sessionEnded(Object session) {}
    };

    /// The first of a session's rings is about to start.
    void ringsStart(Object session);

    /// The last of a session's rings has stopped, and has nothing in flight.
    ///
    /// @param moving whether its front end kept a dirty log, as one does whose guest moves away
    void ringsStopped(Object session, boolean moving);

    /// A session's front end has gone; its rings may still run, until what is in flight has ended.
    ///
    /// @param abandon run if requests are about to be ended unexecuted: has them stay unanswered
    void sessionEnds(Object session, Runnable abandon);

    /// Nothing of a session is left.
    void sessionEnded(Object session);
}
