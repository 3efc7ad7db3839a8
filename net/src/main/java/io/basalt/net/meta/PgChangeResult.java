package io.basalt.net.meta;

import io.basalt.wire.meta.PgState;

/// What became of a wish to change a placement group.
///
/// @param granted whether the change is in force; if not, the group's epoch was another one
/// @param state the configuration that holds now, durable
public record PgChangeResult(boolean granted, PgState state) {}
