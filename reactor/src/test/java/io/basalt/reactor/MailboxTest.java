package io.basalt.reactor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.testkit.AllocationProbe;
import io.basalt.testkit.Await;
import io.basalt.testkit.SeededTest;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class MailboxTest {
    private static final MailboxHandler IGNORE = (type, first, second, third) -> {};

    /// What every mailbox promises.
    abstract static class Contract {
        private final int[] rings = new int[1];
        private final Doorbell doorbell = new Doorbell(() -> rings[0]++);

        abstract Mailbox open(int capacity, Doorbell doorbell);

        @Test
        void deliversMessagesWholeAndInOrder() {
            final Mailbox mailbox = open(4, doorbell);
            final List<String> received = new ArrayList<>();
            mailbox.offer(1, 2, 3, 4);
            mailbox.offer(-1, Long.MIN_VALUE, 0, Long.MAX_VALUE);
            mailbox.drain((type, a, b, c) -> received.add(type + " " + a + " " + b + " " + c), 10);
            assertThat(received).containsExactly("1 2 3 4", "-1 -9223372036854775808 0 9223372036854775807");
        }

        @Test
        void refusesWhenFullAndAcceptsAgainOnceDrained() {
            final Mailbox mailbox = open(2, doorbell);
            assertThat(mailbox.offer(1, 0, 0, 0)).isTrue();
            assertThat(mailbox.offer(2, 0, 0, 0)).isTrue();
            assertThat(mailbox.offer(3, 0, 0, 0)).isFalse();
            assertThat(mailbox.drain(IGNORE, 1)).isOne();
            assertThat(mailbox.offer(3, 0, 0, 0)).isTrue();
            assertThat(mailbox.offer(4, 0, 0, 0)).isFalse();
        }

        @Test
        void takesAtMostTheLimit() {
            final Mailbox mailbox = open(8, doorbell);
            for (int message = 0; message < 5; message++) {
                mailbox.offer(message, 0, 0, 0);
            }
            assertThat(mailbox.drain(IGNORE, 0)).isZero();
            assertThat(mailbox.drain(IGNORE, 3)).isEqualTo(3);
            assertThat(mailbox.isEmpty()).isFalse();
            assertThat(mailbox.drain(IGNORE, 3)).isEqualTo(2);
            assertThat(mailbox.isEmpty()).isTrue();
        }

        @Test
        void consumesTheMessageWhoseHandlerThrowsAndKeepsTheRest() {
            final Mailbox mailbox = open(8, doorbell);
            final List<Long> received = new ArrayList<>();
            for (int message = 0; message < 3; message++) {
                mailbox.offer(message, 0, 0, 0);
            }
            final MailboxHandler failing = (type, a, b, c) -> {
                received.add(type);
                if (type == 1) {
                    throw new IllegalStateException("message 1");
                }
            };
            assertThatThrownBy(() -> mailbox.drain(failing, 8)).hasMessage("message 1");
            assertThat(mailbox.drain(failing, 8)).isOne();
            assertThat(received).containsExactly(0L, 1L, 2L);
        }

        @Test
        void ringsOnlyForAnOwnerThatIsAboutToSleep() {
            final Mailbox mailbox = open(8, doorbell);
            mailbox.offer(1, 0, 0, 0);
            assertThat(rings[0]).isZero();
            doorbell.arm();
            mailbox.offer(1, 0, 0, 0);
            mailbox.offer(1, 0, 0, 0);
            assertThat(rings[0]).isOne();
            assertThat(doorbell.disarm()).isTrue();
            doorbell.arm();
            assertThat(doorbell.disarm()).isFalse();
        }

        @Test
        void behavesLikeABoundedQueue() {
            SeededTest.run(200, random -> {
                final int capacity = 1 << random.nextInt(5);
                final Mailbox mailbox = open(capacity, doorbell);
                final Queue<Long> model = new ArrayDeque<>();
                for (int step = 0; step < 300; step++) {
                    final long message = random.nextLong();
                    if (random.nextInt(3) > 0) {
                        final boolean fits = model.size() < capacity;
                        assertThat(mailbox.offer(message, ~message, step, 7)).isEqualTo(fits);
                        if (fits) {
                            model.add(message);
                        }
                    } else {
                        final int limit = random.nextInt(capacity + 2);
                        final int expected = Math.min(limit, model.size());
                        final int taken = mailbox.drain(
                                (type, a, b, c) -> {
                                    assertThat(type).isEqualTo(model.poll());
                                    assertThat(a).isEqualTo(~type);
                                },
                                limit);
                        assertThat(taken).isEqualTo(expected);
                    }
                    assertThat(mailbox.isEmpty()).isEqualTo(model.isEmpty());
                }
            });
        }

        @Test
        void allocatesNothing() {
            final Mailbox mailbox = open(16, doorbell);
            final long bytes = AllocationProbe.bytesAllocated(100_000, () -> {
                mailbox.offer(1, 2, 3, 4);
                mailbox.offer(1, 2, 3, 4);
                mailbox.drain(IGNORE, 2);
            });
            assertThat(bytes).isZero();
        }

        @Test
        void refusesACapacityThatIsNoPowerOfTwo() {
            assertThatThrownBy(() -> open(0, doorbell)).hasMessageContaining("power of two");
            assertThatThrownBy(() -> open(12, doorbell)).hasMessageContaining("is 12");
        }

        /// Sends from `senders` threads through a mailbox that is mostly full, and checks order per sender.
        void passesAllMessagesBetweenThreads(int senders) throws InterruptedException {
            final int perSender = 30_000;
            final Mailbox mailbox = open(8, doorbell);
            final List<Thread> threads = new ArrayList<>();
            for (int sender = 0; sender < senders; sender++) {
                final long number = sender;
                threads.add(Thread.ofPlatform().daemon().start(() -> {
                    for (long message = 0; message < perSender; message++) {
                        while (!mailbox.offer(number, message, ~message, 0)) {
                            LockSupport.parkNanos(1);
                        }
                    }
                }));
            }
            final long[] next = new long[senders];
            final int[] wrong = new int[1];
            final Supplier<Integer> drain = () -> mailbox.drain(
                    (sender, message, complement, c) -> {
                        if (message != next[(int) sender]++ || complement != ~message) {
                            wrong[0]++;
                        }
                    },
                    5);
            final int[] received = new int[1];
            Await.until("all messages received", () -> {
                int taken = drain.get();
                while (taken > 0) {
                    received[0] += taken;
                    taken = drain.get();
                }
                return received[0] == senders * perSender;
            });
            assertThat(wrong[0]).isZero();
            for (final Thread thread : threads) {
                thread.join();
            }
        }
    }

    @Nested
    class Spsc extends Contract {
        @Override
        Mailbox open(int capacity, Doorbell doorbell) {
            return new SpscMailbox(capacity, doorbell);
        }

        @Test
        void passesAllMessagesFromOneThread() throws InterruptedException {
            passesAllMessagesBetweenThreads(1);
        }
    }

    @Nested
    class Mpsc extends Contract {
        @Override
        Mailbox open(int capacity, Doorbell doorbell) {
            return new MpscMailbox(capacity, doorbell);
        }

        @Test
        void passesAllMessagesFromManyThreads() throws InterruptedException {
            passesAllMessagesBetweenThreads(3);
        }
    }
}
