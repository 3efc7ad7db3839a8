/// Controllers: front-end sockets that serve volumes. Everything here belongs to the control reactor, except what
/// says that it lives on a data reactor.
@NullMarked
package io.basalt.gate.controller;

import org.jspecify.annotations.NullMarked;
