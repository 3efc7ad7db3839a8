/// A user-space TCP proxy that breaks what it forwards, on request.
@NullMarked
package io.basalt.endtoend.chaos.proxy;

import org.jspecify.annotations.NullMarked;
