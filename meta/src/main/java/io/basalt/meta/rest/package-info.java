/// The metaserver for people and tools: JSON over HTTP, and metrics. Runs on threads of its own, and reaches the
/// service only through its reactor.
@NullMarked
package io.basalt.meta.rest;

import org.jspecify.annotations.NullMarked;
