package io.basalt.stress;

import io.basalt.reactor.Doorbell;
import io.basalt.reactor.Signal;
import io.basalt.reactor.SpscMailbox;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/// One sender and the owner of an [SpscMailbox] meet: messages arrive whole, in order, and only once.
public final class SpscMailboxStress {
    private SpscMailboxStress() {}

    /// There is room for all.
    @JCStressTest
    @Outcome(id = "0, 12", expect = Expect.ACCEPTABLE, desc = "owner first")
    @Outcome(id = "1, 12", expect = Expect.ACCEPTABLE, desc = "owner in between")
    @Outcome(id = "2, 12", expect = Expect.ACCEPTABLE, desc = "sender first")
    @State
    public static class Roomy {
        private final SpscMailbox mailbox = new SpscMailbox(2, new Doorbell(Signal.NONE));
        private final Transcript transcript = new Transcript();

        @Actor
        public void sender() {
            Transcript.send(mailbox, 1);
            Transcript.send(mailbox, 2);
        }

        @Actor
        public void owner(II_Result result) {
            result.r1 = mailbox.drain(transcript, 2);
        }

        @Arbiter
        public void rest(II_Result result) {
            mailbox.drain(transcript, 2);
            result.r2 = transcript.digits;
        }
    }

    /// The sender needs the record that the owner is reading.
    @JCStressTest
    @Outcome(id = "0, 1", expect = Expect.ACCEPTABLE, desc = "full for the second message")
    @Outcome(id = "1, 12", expect = Expect.ACCEPTABLE, desc = "the record was free again in time")
    @State
    public static class Tight {
        private final SpscMailbox mailbox = new SpscMailbox(1, new Doorbell(Signal.NONE));
        private final Transcript transcript = new Transcript();

        public Tight() {
            Transcript.send(mailbox, 1);
        }

        @Actor
        public void sender(II_Result result) {
            result.r1 = Transcript.send(mailbox, 2) ? 1 : 0;
        }

        @Actor
        public void owner() {
            mailbox.drain(transcript, 1);
        }

        @Arbiter
        public void rest(II_Result result) {
            mailbox.drain(transcript, 2);
            result.r2 = transcript.digits;
        }
    }
}
