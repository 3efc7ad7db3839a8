package io.basalt.stress;

import io.basalt.reactor.Doorbell;
import io.basalt.reactor.MpscMailbox;
import io.basalt.reactor.Signal;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/// Senders and the owner of an [MpscMailbox] meet, two at a time and all three where there are processors enough:
/// messages arrive whole and only once, and those of one sender in order.
public final class MpscMailboxStress {
    private MpscMailboxStress() {}

    /// Two senders, room for all.
    @JCStressTest
    @Outcome(id = "(1234|1324|1342|3124|3142|3412)", expect = Expect.ACCEPTABLE, desc = "1 before 2, 3 before 4")
    @State
    public static class Senders {
        private final MpscMailbox mailbox = new MpscMailbox(4, new Doorbell(Signal.NONE));
        private final Transcript transcript = new Transcript();

        @Actor
        public void sender() {
            Transcript.send(mailbox, 1);
            Transcript.send(mailbox, 2);
        }

        @Actor
        public void otherSender() {
            Transcript.send(mailbox, 3);
            Transcript.send(mailbox, 4);
        }

        @Arbiter
        public void owner(I_Result result) {
            mailbox.drain(transcript, 5);
            result.r1 = transcript.digits;
        }
    }

    /// Two senders, room for one.
    @JCStressTest
    @Outcome(id = "1, 0, 1", expect = Expect.ACCEPTABLE, desc = "the first got the record")
    @Outcome(id = "0, 1, 2", expect = Expect.ACCEPTABLE, desc = "the second got the record")
    @State
    public static class Rivals {
        private final MpscMailbox mailbox = new MpscMailbox(1, new Doorbell(Signal.NONE));
        private final Transcript transcript = new Transcript();

        @Actor
        public void sender(III_Result result) {
            result.r1 = Transcript.send(mailbox, 1) ? 1 : 0;
        }

        @Actor
        public void otherSender(III_Result result) {
            result.r2 = Transcript.send(mailbox, 2) ? 1 : 0;
        }

        @Arbiter
        public void owner(III_Result result) {
            mailbox.drain(transcript, 2);
            result.r3 = transcript.digits;
        }
    }

    /// One sender that needs the record that the owner is reading.
    @JCStressTest
    @Outcome(id = "0, 1", expect = Expect.ACCEPTABLE, desc = "full for the second message")
    @Outcome(id = "1, 12", expect = Expect.ACCEPTABLE, desc = "the record was free again in time")
    @State
    public static class Reuse {
        private final MpscMailbox mailbox = new MpscMailbox(1, new Doorbell(Signal.NONE));
        private final Transcript transcript = new Transcript();

        public Reuse() {
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

    /// All three, room for all.
    @JCStressTest
    @Outcome(id = "[0123], (123|132|312)", expect = Expect.ACCEPTABLE, desc = "1 before 2, 3 anywhere")
    @State
    public static class Roomy {
        private final MpscMailbox mailbox = new MpscMailbox(4, new Doorbell(Signal.NONE));
        private final Transcript transcript = new Transcript();

        @Actor
        public void sender() {
            Transcript.send(mailbox, 1);
            Transcript.send(mailbox, 2);
        }

        @Actor
        public void otherSender() {
            Transcript.send(mailbox, 3);
        }

        @Actor
        public void owner(II_Result result) {
            result.r1 = mailbox.drain(transcript, 3);
        }

        @Arbiter
        public void rest(II_Result result) {
            mailbox.drain(transcript, 4);
            result.r2 = transcript.digits;
        }
    }

    /// Two senders compete for the record that the owner is reading.
    @JCStressTest
    @Outcome(id = "0, 0, 1", expect = Expect.ACCEPTABLE, desc = "full for both")
    @Outcome(id = "1, 0, 12", expect = Expect.ACCEPTABLE, desc = "the first got the record")
    @Outcome(id = "0, 1, 13", expect = Expect.ACCEPTABLE, desc = "the second got the record")
    @State
    public static class Tight {
        private final MpscMailbox mailbox = new MpscMailbox(1, new Doorbell(Signal.NONE));
        private final Transcript transcript = new Transcript();

        public Tight() {
            Transcript.send(mailbox, 1);
        }

        @Actor
        public void sender(III_Result result) {
            result.r1 = Transcript.send(mailbox, 2) ? 1 : 0;
        }

        @Actor
        public void otherSender(III_Result result) {
            result.r2 = Transcript.send(mailbox, 3) ? 1 : 0;
        }

        @Actor
        public void owner() {
            mailbox.drain(transcript, 1);
        }

        @Arbiter
        public void rest(III_Result result) {
            mailbox.drain(transcript, 2);
            result.r3 = transcript.digits;
        }
    }
}
