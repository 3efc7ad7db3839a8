package io.basalt.cli.upgrade;

import io.basalt.cli.CommandException;
import io.basalt.cli.ExitCode;
import io.basalt.cli.rest.RestException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/// The walk through a cluster: one process after the other is restarted, each only while everything answers and every
/// copy is in sync. At the first step that is not well it stops, with what is wrong; the next call goes on there.
///
/// A chunk server that is told to stop hands its primaries over by itself (ADR 0009), and a metaserver that leads is
/// relieved before it is restarted: neither makes a request wait for longer than a moment.
final class Upgrade {
    /// For how long all must be well before the next one: what a restart has upset shows within that.
    static final long STEADY_MS = 2_000;

    private static final long LOOK_MS = 200;

    private final UpgradedCluster cluster;
    private final Restarter restarter;
    private final Journal journal;
    private final Time time;
    private final long limitMs;
    private final Consumer<String> out;
    private final List<Step> steps = new ArrayList<>();

    /// What restarts a process; see [RestartCommand].
    @FunctionalInterface
    interface Restarter {
        void restart(Member member) throws IOException, InterruptedException;
    }

    /// Time, as it passes.
    ///
    /// @param nowMs milliseconds of any clock
    /// @param pause waits so many milliseconds
    record Time(LongSupplier nowMs, Consumer<Long> pause) {}

    /// @param limitMs how long one process is waited for
    /// @param out told what happens, a line each
    Upgrade(
            UpgradedCluster cluster,
            Restarter restarter,
            Journal journal,
            Time time,
            long limitMs,
            Consumer<String> out) {
        this.cluster = cluster;
        this.restarter = restarter;
        this.journal = journal;
        this.time = time;
        this.limitMs = limitMs;
        this.out = out;
    }

    /// The steps: those of the upgrade that was interrupted, or all there are. Nothing is changed.
    List<Step> plan() {
        steps.clear();
        if (journal.exists()) {
            steps.addAll(journal.load());
        } else {
            cluster.members().forEach(each -> steps.add(new Step(each.kind(), each.name(), StepState.PLANNED, 0)));
        }
        return List.copyOf(steps);
    }

    /// Go.
    ///
    /// @throws CommandException at the first step that is not well
    void run() {
        plan();
        for (int index = 0; index < steps.size(); index++) {
            final Step step = steps.get(index);
            if (step.state() == StepState.DONE) {
                out.accept(step.kind().text() + " " + step.name() + ": was done before");
            } else {
                run(index);
            }
        }
        journal.delete();
    }

    private void run(int index) {
        final Member member = member(steps.get(index));
        final long startMs = time.nowMs().getAsLong();
        if (steps.get(index).state() == StepState.PLANNED) {
            requireWell(member);
            relieve(member);
            become(index, StepState.RESTARTING, member.sinceMs());
        } else if (steps.get(index).state() == StepState.RESTARTING && isBack(steps.get(index), member)) {
            become(index, StepState.WAITING, steps.get(index).beforeMs());
        }
        if (steps.get(index).state() == StepState.RESTARTING) {
            restart(member);
            become(index, StepState.WAITING, steps.get(index).beforeMs());
        }
        await(steps.get(index), member);
        become(index, StepState.DONE, steps.get(index).beforeMs());
        out.accept(String.format(
                Locale.ROOT,
                "%s: restarted, back and in sync after %.1f s",
                member.text(),
                (time.nowMs().getAsLong() - startMs) / 1000.0));
    }

    private void become(int index, StepState next, long beforeMs) {
        steps.set(index, steps.get(index).become(next, beforeMs));
        journal.save(steps);
    }

    private Member member(Step step) {
        return cluster.members().stream()
                .filter(each -> each.kind() == step.kind() && each.name().equals(step.name()))
                .findFirst()
                .orElseThrow(() -> stopped(
                        step.kind().text() + " " + step.name() + " is not in the cluster any more",
                        "move " + journal.file() + " away to begin anew"));
    }

    private void requireWell(Member member) {
        final List<String> obstacles = cluster.obstacles();
        if (!obstacles.isEmpty()) {
            throw stopped(
                    "before " + member.text() + ": " + String.join("; ", obstacles),
                    "mend that (basalt health says how), then run basalt upgrade again: it goes on here");
        }
    }

    private void relieve(Member member) {
        final long metaservers =
                steps.stream().filter(each -> each.kind() == Member.Kind.META).count();
        if (member.leads() && metaservers > 1) {
            cluster.transferFrom(member.name());
        }
    }

    private void restart(Member member) {
        try {
            restarter.restart(member);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw stopped("interrupted at " + member.text(), "run basalt upgrade again: it goes on here");
        } catch (IOException e) {
            throw stopped(
                    member.text() + " was not restarted: " + e.getMessage(),
                    "correct [upgrade] restart_" + member.kind().name().toLowerCase(Locale.ROOT)
                            + ", then run basalt upgrade again: it goes on here");
        }
    }

    /// Waits until it has begun anew and all has been well for a while.
    private void await(Step step, Member member) {
        final long endMs = time.nowMs().getAsLong() + limitMs;
        long wellSinceMs = -1;
        List<String> wrong = List.of("nobody has looked yet");
        while (time.nowMs().getAsLong() < endMs) {
            wrong = wrong(step);
            if (!wrong.isEmpty()) {
                wellSinceMs = -1;
            } else if (wellSinceMs < 0) {
                wellSinceMs = time.nowMs().getAsLong();
            } else if (time.nowMs().getAsLong() - wellSinceMs >= STEADY_MS) {
                return;
            }
            time.pause().accept(LOOK_MS);
        }
        throw stopped(
                member.text() + " was restarted, but after " + limitMs / 1000 + " s: " + String.join("; ", wrong),
                "look at its log; when basalt health is content, run basalt upgrade again: it goes on here");
    }

    private List<String> wrong(Step step) {
        try {
            final List<String> wrong = new ArrayList<>(cluster.obstacles());
            if (!isBack(step, member(step))) {
                wrong.add(0, step.kind().text() + " " + step.name() + " has not registered since");
            }
            return wrong;
        } catch (RestException e) {
            return List.of(String.valueOf(e.getMessage()));
        }
    }

    /// A chunk server registers when it begins; a metaserver is back when it answers.
    private static boolean isBack(Step step, Member member) {
        return step.kind() == Member.Kind.META
                ? member.answers() && step.state() == StepState.WAITING
                : member.answers() && member.sinceMs() > step.beforeMs();
    }

    private static CommandException stopped(String what, String hint) {
        return new CommandException(ExitCode.FAILED, "the upgrade has stopped: " + what, hint);
    }
}
