/// The metaserver as nodes see it: registration, liveness, maps pushed, attachments granted. Core: no
/// thread, clock, I/O or randomness of its own.
@NullMarked
package io.basalt.meta.service;

import org.jspecify.annotations.NullMarked;
