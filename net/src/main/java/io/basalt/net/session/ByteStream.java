package io.basalt.net.session;

/// An ordered stream of bytes to and from a peer: a TCP socket, or its simulation. One send and one receive are
/// under way at most. Every method belongs to the reactor's thread; none calls its [Handler] from inside.
public interface ByteStream {
    /// Begin to send the pieces. They stay as they are until [Handler#sent]; a part may go first.
    void send(Pieces pieces);

    /// Begin to receive into the pieces, in order. They stay as they are until [Handler#received].
    void receive(Pieces pieces);

    /// Give the stream up: what is under way ends, then [Handler#closed] is called, from a later poll.
    void close();

    /// Where the peer is, for people.
    String peerAddress();

    /// What a stream tells its user, from a poll of the reactor.
    interface Handler {
        /// The stream to the peer stands.
        void connected();

        /// Bytes of the pieces have left; their memory is not read any more.
        ///
        /// @param length 1 and up
        void sent(int length);

        /// Bytes have come into the pieces.
        ///
        /// @param length 1 and up
        void received(int length);

        /// The stream is broken: it is to be closed.
        ///
        /// @param reason for people
        void failed(String reason);

        /// The peer has closed its end, or its process is gone: the stream is to be closed.
        ///
        /// @param reason for people
        void ended(String reason);

        /// Nothing touches any memory any more, and no other method is called. After [ByteStream#close()] only.
        void closed();
    }
}
