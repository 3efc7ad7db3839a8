package io.basalt.cli.bench;

import io.basalt.gate.handover.HandoverChannel;
import io.basalt.gate.handover.HandoverMessage;
import io.basalt.gate.handover.Successor;
import io.basalt.linux.file.FileDescriptor;
import io.basalt.linux.socket.UnixSocket;
import io.basalt.reactor.thread.ReactorThread;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A process that says what a new gate says, up to a step, and dies there.
final class ScriptedSuccessor implements Successor {
    /// Where it dies.
    enum Step {
        AT_ONCE,
        AFTER_HELLO,
        AFTER_PREPARE,
        AFTER_SWITCH,
        AFTER_TAKEN,
        AFTER_COMMIT,
        /// It does not die, but refuses.
        REFUSES,
        /// It speaks a format that nobody knows.
        SPEAKS_STRANGELY,
        /// It says what is not its turn to say.
        SPEAKS_OUT_OF_TURN,
    }

    private final ReactorThread thread;
    private final Step step;
    private @Nullable HandoverChannel channel;

    ScriptedSuccessor(ReactorThread thread, Path socket, Step step) {
        this.thread = thread;
        this.step = step;
        thread.reactor().post(() -> begin(socket));
    }

    private void begin(Path socket) {
        final int fd = UnixSocket.connect(socket);
        assert fd >= 0 : fd;
        final HandoverChannel open =
                new HandoverChannel(thread.reactor(), UnixSocket.adopt(fd), new HandoverChannel.Listener() {
                    @Override
                    public void received(HandoverMessage message) {
                        heard(message);
                    }

                    @Override
                    public void ended(String reason) {
                        die();
                    }
                });
        channel = open;
        switch (step) {
            case AT_ONCE -> die();
            case SPEAKS_STRANGELY -> open.send(new HandoverMessage.Hello(7, 9, "9.9.9", 1));
            case SPEAKS_OUT_OF_TURN -> open.send(new HandoverMessage.Committed());
            default -> {
                open.send(new HandoverMessage.Hello(1, 1, "0.1.0", 1));
                if (step == Step.AFTER_HELLO) {
                    // Posted behind the sending.
                    thread.reactor().post(this::die);
                }
            }
        }
    }

    private void heard(HandoverMessage message) {
        switch (message) {
            case HandoverMessage.Prepare prepare -> {
                close(prepare);
                if (step == Step.REFUSES) {
                    say(new HandoverMessage.Abort("there is no memory left"), false);
                } else {
                    say(new HandoverMessage.Ready(), step == Step.AFTER_PREPARE);
                }
            }
            case HandoverMessage.Switch _ -> {
                if (step == Step.AFTER_SWITCH) {
                    die();
                } else {
                    say(new HandoverMessage.Taken(), step == Step.AFTER_TAKEN);
                }
            }
            case HandoverMessage.Commit _ -> die();
            default -> {}
        }
    }

    private void say(HandoverMessage message, boolean last) {
        final HandoverChannel open = channel;
        if (open != null) {
            open.send(message);
            if (last) {
                thread.reactor().post(this::die);
            }
        }
    }

    private static void close(HandoverMessage.Prepare prepare) {
        final List<Integer> fds = new ArrayList<>(List.of(prepare.lock(), prepare.rpcListener()));
        prepare.files().forEach(file -> fds.add(file.fd()));
        for (final HandoverMessage.DiskImage disk : prepare.disks()) {
            fds.add(disk.listener());
            fds.add(disk.connection());
            if (disk.session() != null) {
                fds.addAll(disk.session().descriptors());
            }
        }
        fds.stream().filter(fd -> fd >= 0).forEach(FileDescriptor::close);
    }

    private void die() {
        final HandoverChannel open = channel;
        channel = null;
        if (open != null) {
            open.close();
        }
    }

    @Override
    public void destroy(Runnable gone) {
        thread.reactor().post(() -> {
            die();
            gone.run();
        });
    }
}
