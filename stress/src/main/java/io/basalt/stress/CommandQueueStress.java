package io.basalt.stress;

import io.basalt.reactor.CommandQueue;
import io.basalt.reactor.Doorbell;
import io.basalt.reactor.Signal;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/// Threads post to a [CommandQueue] and its owner takes from it: each command runs once, those of one thread in
/// order.
public final class CommandQueueStress {
    private CommandQueueStress() {}

    /// A sender and the owner.
    @JCStressTest
    @Outcome(id = "[012], 12", expect = Expect.ACCEPTABLE, desc = "in order")
    @State
    public static class Sender {
        private final CommandQueue commands = new CommandQueue(new Doorbell(Signal.NONE));
        private final Transcript transcript = new Transcript();

        @Actor
        public void sender() {
            commands.post(() -> transcript.write(1));
            commands.post(() -> transcript.write(2));
        }

        @Actor
        public void owner(II_Result result) {
            run(commands);
            result.r1 = transcript.messages;
        }

        @Arbiter
        public void rest(II_Result result) {
            run(commands);
            result.r2 = transcript.digits;
        }
    }

    /// Two senders.
    @JCStressTest
    @Outcome(id = "(123|132|312)", expect = Expect.ACCEPTABLE, desc = "1 before 2, 3 anywhere")
    @State
    public static class Senders {
        private final CommandQueue commands = new CommandQueue(new Doorbell(Signal.NONE));
        private final Transcript transcript = new Transcript();

        @Actor
        public void sender() {
            commands.post(() -> transcript.write(1));
            commands.post(() -> transcript.write(2));
        }

        @Actor
        public void otherSender() {
            commands.post(() -> transcript.write(3));
        }

        @Arbiter
        public void owner(I_Result result) {
            run(commands);
            result.r1 = transcript.digits;
        }
    }

    private static void run(CommandQueue commands) {
        Runnable command = commands.next();
        while (command != null) {
            command.run();
            command = commands.next();
        }
    }
}
