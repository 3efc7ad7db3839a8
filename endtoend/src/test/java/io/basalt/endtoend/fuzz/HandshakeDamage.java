package io.basalt.endtoend.fuzz;

import io.basalt.linux.socket.UnixSocket;
import io.basalt.virtio.vhostuser.VhostUserSpec;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.random.RandomGenerator;

/// Damage to a handshake: bytes, sizes, order, repetitions, omissions, descriptors.
final class HandshakeDamage {
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN)
            .withInvokeExactBehavior();
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN)
            .withInvokeExactBehavior();
    private static final int SIZE_FIELD = 8;
    private static final int REQUEST_MAX = 45;

    private final RandomGenerator random;
    private final OddDescriptors odd;

    HandshakeDamage(RandomGenerator random, OddDescriptors odd) {
        this.random = random;
        this.odd = odd;
    }

    /// Damages a few of the steps, in place.
    void apply(List<Step> steps) {
        for (int count = random.nextInt(5); count > 0 && !steps.isEmpty(); count--) {
            final int at = random.nextInt(steps.size());
            switch (random.nextInt(6)) {
                case 0 -> steps.remove(at);
                case 1 -> steps.add(at, steps.get(random.nextInt(steps.size())));
                case 2 -> Collections.swap(steps, at, random.nextInt(steps.size()));
                case 3 -> steps.add(at, anyMessage());
                default -> steps.set(at, damaged(steps.get(at)));
            }
        }
        if (Chance.oneIn(random, 3)) {
            // The front end leaves at any point.
            steps.subList(random.nextInt(steps.size() + 1), steps.size()).clear();
        }
    }

    private Step anyMessage() {
        final byte[] bytes = new byte[VhostUserSpec.HEADER_SIZE + random.nextInt(64)];
        random.nextBytes(bytes);
        INT.set(bytes, 0, random.nextInt(REQUEST_MAX));
        INT.set(bytes, 4, VhostUserSpec.VERSION | (random.nextBoolean() ? VhostUserSpec.NEED_REPLY_MASK : 0));
        INT.set(bytes, SIZE_FIELD, bytes.length - VhostUserSpec.HEADER_SIZE);
        return new Step(bytes, fds(random.nextInt(4)), false);
    }

    private Step damaged(Step step) {
        return switch (random.nextInt(8)) {
            case 0 -> withBytes(step, flipped(step.bytes()));
            case 1, 2, 3 -> withBytes(step, withNumber(step.bytes()));
            case 4 -> withBytes(step, resized(step.bytes()));
            case 5 -> new Step(step.bytes(), new int[0], false);
            case 6 -> new Step(step.bytes(), swapped(step.fds()), step.answered());
            default -> new Step(step.bytes(), more(step.fds()), step.answered());
        };
    }

    private static Step withBytes(Step step, byte[] bytes) {
        return new Step(bytes, step.fds(), false);
    }

    private byte[] flipped(byte[] bytes) {
        final byte[] damaged = bytes.clone();
        for (int count = random.nextInt(1, 4); count > 0; count--) {
            damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
        }
        return damaged;
    }

    /// One field of the payload replaced: the message is still understood, but what it says is wrong.
    private byte[] withNumber(byte[] bytes) {
        final byte[] damaged = bytes.clone();
        final int payload = damaged.length - VhostUserSpec.HEADER_SIZE;
        if (payload >= Long.BYTES && random.nextBoolean()) {
            LONG.set(damaged, VhostUserSpec.HEADER_SIZE + 8 * random.nextInt(payload / Long.BYTES), number());
        } else if (payload >= Integer.BYTES) {
            INT.set(damaged, VhostUserSpec.HEADER_SIZE + 4 * random.nextInt(payload / Integer.BYTES), (int)
                    Chance.number(random));
        }
        return damaged;
    }

    private long number() {
        return Chance.oneIn(random, 4) ? GuestKit.FIRST_ADDRESS + Chance.number(random) : Chance.number(random);
    }

    /// Header and payload disagree, or agree on another size.
    private byte[] resized(byte[] bytes) {
        final int length = Chance.oneIn(random, 16)
                ? random.nextInt(VhostUserSpec.HEADER_SIZE, 1 << 16)
                : Math.max(1, bytes.length + random.nextInt(-12, 41));
        final byte[] damaged = Arrays.copyOf(bytes, length);
        if (random.nextBoolean() && length >= VhostUserSpec.HEADER_SIZE) {
            INT.set(damaged, SIZE_FIELD, length - VhostUserSpec.HEADER_SIZE);
        } else if (length >= VhostUserSpec.HEADER_SIZE && random.nextBoolean()) {
            INT.set(damaged, SIZE_FIELD, (int) Chance.number(random));
        }
        return damaged;
    }

    private int[] swapped(int[] fds) {
        final int[] damaged = fds.clone();
        if (damaged.length > 0) {
            damaged[random.nextInt(damaged.length)] = odd.any(random);
        }
        return damaged;
    }

    private int[] more(int[] fds) {
        final int count = Chance.oneIn(random, 8) ? UnixSocket.FDS_MAX - fds.length : random.nextInt(1, 10);
        final int[] extra = fds(count);
        final int[] damaged = Arrays.copyOf(fds, fds.length + count);
        System.arraycopy(extra, 0, damaged, fds.length, count);
        return damaged;
    }

    private int[] fds(int count) {
        final int[] fds = new int[count];
        Arrays.setAll(fds, _ -> odd.any(random));
        return fds;
    }

    /// Cuts a message in pieces that are sent one after the other; an undamaged one stays whole most of the time.
    List<byte[]> pieces(byte[] bytes) {
        if (bytes.length < 2 || !Chance.oneIn(random, 16)) {
            return List.of(bytes);
        }
        final List<byte[]> pieces = new ArrayList<>();
        int at = 0;
        while (at < bytes.length) {
            final int end = random.nextInt(at, bytes.length) + 1;
            pieces.add(Arrays.copyOfRange(bytes, at, end));
            at = end;
        }
        return pieces;
    }
}
