package io.basalt.cli.upgrade;

/// One restart of an upgrade.
///
/// @param kind what is restarted
/// @param name of it
/// @param state how far it is
/// @param beforeMs when it had registered last before it was restarted; 0 before that
record Step(Member.Kind kind, String name, StepState state, long beforeMs) {
    Step become(StepState next, long newBeforeMs) {
        assert state.canBecome(next) : kind + " " + name + ": " + state + " does not become " + next;
        return new Step(kind, name, next, newBeforeMs);
    }
}
