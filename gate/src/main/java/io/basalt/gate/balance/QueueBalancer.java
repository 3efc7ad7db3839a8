package io.basalt.gate.balance;

import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Decides which queue moves, from one look to the next. One owner.
///
/// *Who gives:* a reactor that was busier than the upper mark in each of the last looks while another one
/// was less busy than the lower mark. One reactor that is busy in one look and another one in the next
/// give nothing.
///
/// *What moves:* of the queues on the busiest such reactor the one that leaves the two most alike. A
/// queue's part of a reactor's time is taken to be its part of the reactor's costs. The move must leave
/// the busier of the two less busy than the giver is by [#GAIN_MIN], and may not fill the taker: the only
/// queue of a busy reactor would only make another reactor busy, and stays.
///
/// *No ping-pong:* one queue a look, a queue that has moved stays for [#REST_LOOKS] looks, and the looks
/// are counted anew after each move, so that the next decision knows what the last one has brought.
public final class QueueBalancer {
    /// Least gain of a move, as a share of a reactor's time.
    public static final double GAIN_MIN = 0.1;
    /// Looks that a queue stays where it has come to.
    public static final int REST_LOOKS = 30;

    private final Map<Integer, Integer> busyFor = new HashMap<>();
    private final Map<String, Long> movedAt = new HashMap<>();
    private long look;

    /// Look once.
    ///
    /// @param reactors all that queues may live on
    /// @param queues all that run. One that turns out not to be allowed where it was to go rests as if it
    ///     had moved
    /// @return the queue that is to move now, or null
    public @Nullable QueueMove look(BalanceSettings settings, List<ReactorLoad> reactors, List<QueueLoad> queues) {
        look++;
        movedAt.values().removeIf(at -> look - at > REST_LOOKS);
        final ReactorLoad taker = reactors.stream()
                .min(Comparator.comparingDouble(ReactorLoad::busy))
                .orElse(null);
        if (taker == null || taker.busy() * 100 >= settings.idleBelowPercent()) {
            busyFor.clear();
            return null;
        }
        QueueMove best = null;
        for (final ReactorLoad giver : sortedByLoad(reactors)) {
            if (giver.busy() * 100 <= settings.busyAbovePercent()) {
                busyFor.remove(giver.id());
            } else if (busyFor.merge(giver.id(), 1, Integer::sum) >= settings.periods() && best == null) {
                best = best(settings, giver, taker, queues);
            }
        }
        if (best != null) {
            busyFor.clear();
            movedAt.put(name(best.load()), look);
        }
        return best;
    }

    private static List<ReactorLoad> sortedByLoad(List<ReactorLoad> reactors) {
        return reactors.stream()
                .sorted(Comparator.comparingDouble(ReactorLoad::busy).reversed())
                .toList();
    }

    private @Nullable QueueMove best(
            BalanceSettings settings, ReactorLoad giver, ReactorLoad taker, List<QueueLoad> queues) {
        final List<QueueLoad> own =
                queues.stream().filter(queue -> queue.reactor() == giver.id()).toList();
        final double costs = own.stream().mapToDouble(QueueLoad::cost).sum();
        QueueMove best = null;
        double bestBusier = giver.busy() - GAIN_MIN;
        for (final QueueLoad queue : own) {
            final double share = giver.busy() * queue.cost() / Math.max(costs, 1);
            final double busier = Math.max(giver.busy() - share, taker.busy() + share);
            final boolean fits = (taker.busy() + share) * 100 <= settings.filledToPercent();
            if (fits && busier < bestBusier && !movedAt.containsKey(name(queue))) {
                best = new QueueMove(queue, taker.id());
                bestBusier = busier;
            }
        }
        return best;
    }

    private static String name(QueueLoad queue) {
        return queue.controller() + " queue " + queue.queue();
    }
}
