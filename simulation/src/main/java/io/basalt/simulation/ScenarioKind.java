package io.basalt.simulation;

import java.util.Locale;
import java.util.function.UnaryOperator;

/// What a seed's scenario is made into, so that some faults count more than others.
@SuppressWarnings("ImmutableEnumChecker") // functions keep no state
public enum ScenarioKind {
    /// Everything, in the combination that the seed draws.
    SWARM(UnaryOperator.identity()),
    /// Primaries are cut off and passed over: where leases and promises count.
    FAIL_OVERS(scenario -> scenario.withFailOvers(100_000_000)),
    /// Many changes of few blocks while primaries change: where the order of gates' retries counts.
    RETRIES(Scenario::withRetries),
    /// A disk fails for good.
    DISK_FAILURE(Scenario::withDiskFailure),
    /// Lost and misdirected writes of one disk together with discards.
    LIES_AND_DISCARDS(Scenario::withLiesAndDiscards),
    /// Primaries are cut off and passed over while clocks run apart as far as leases allow for.
    CLOCKS(scenario -> scenario.withFailOvers(100_000_000).withDrift(50_000)),
    /// Slow disks and links, long pauses, metaservers that cease to lead, restarts of one node after the other.
    STRAINS(Scenario::withStrains),
    /// The reactor of a device hangs while that of its node's heartbeats runs.
    HANGS(Emphasis::hangs),
    /// Nodes are added, devices are drained, and their copies move.
    MOVES(Scenario::withMoves),
    /// Thousands of bits of one disk flip.
    FLIPS(Scenario::withFlips),
    /// Copies go and come back all the time under a dense load.
    RETURNS(Emphasis::returns),
    /// One of two copies is nearly always away.
    LONERS(Emphasis::loners),
    /// One copy, and power cuts.
    POWER_CUTS(Emphasis::powerCuts),
    /// Primaries change by an operator's wish while impatient gates have many changes under way.
    HAND_OFFS(Emphasis::handOffs),
    /// Fail-overs while leases run.
    LONG_LEASES(Emphasis::longLeases),
    /// Gates take the volumes from each other under load.
    TAKE_OVERS(Emphasis::takeOvers),
    /// Bytes change on the wire.
    NOISE(Emphasis::noise),
    /// A gate is handed over from process to process, and one of the two dies at any step.
    HAND_OVERS(HandOverScenario::of),
    /// A hundred requests a second for minutes, with few faults.
    ENDURANCE(Scenario::withEndurance);

    private final UnaryOperator<Scenario> emphasis;

    ScenarioKind(UnaryOperator<Scenario> emphasis) {
        this.emphasis = emphasis;
    }

    UnaryOperator<Scenario> emphasis() {
        return emphasis;
    }

    /// As it is given on command lines: lower case, with dashes.
    String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /// The kind of a label.
    ///
    /// @throws IllegalArgumentException saying which there are
    static ScenarioKind of(String label) {
        final StringBuilder known = new StringBuilder();
        for (final ScenarioKind each : values()) {
            if (each.label().equals(label)) {
                return each;
            }
            known.append(' ').append(each.label());
        }
        throw new IllegalArgumentException("there is no kind '" + label + "'; give one of:" + known);
    }
}
