package io.basalt.gate.config;

import tools.jackson.databind.node.ObjectNode;

/// One call that, made again, brings back a part of the gate's configuration.
///
/// @param subsystem SPDK's name for the part
/// @param method the method to call
/// @param parameters its parameters; not to be changed
public record ConfigEntry(String subsystem, String method, ObjectNode parameters) {}
