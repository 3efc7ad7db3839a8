package io.basalt.virtio.vhostuser;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The point at which several queues have acknowledged a command. Acknowledgements may arrive while commands
/// are still being given, so the one who gives them counts as one more until [#seal()].
final class AckBarrier {
    private final Consumer<@Nullable String> passed;
    private int awaited = 1;
    private @Nullable String refusal;

    /// @param passed told the first refusal, or null, once all have acknowledged
    AckBarrier(Consumer<@Nullable String> passed) {
        this.passed = passed;
    }

    /// One more to wait for.
    VhostUserDevice.Completion expect() {
        awaited++;
        return new VhostUserDevice.Completion() {
            private boolean done;

            @Override
            public void completed(@Nullable String why) {
                assert !done : "acknowledged twice";
                done = true;
                arrive(why);
            }
        };
    }

    /// No more are to come.
    void seal() {
        arrive(null);
    }

    private void arrive(@Nullable String why) {
        if (refusal == null) {
            refusal = why;
        }
        awaited--;
        if (awaited == 0) {
            passed.accept(refusal);
        }
    }
}
