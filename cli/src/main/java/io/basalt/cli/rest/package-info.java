/// The metaserver's REST API, from the operator's side.
@NullMarked
package io.basalt.cli.rest;

import org.jspecify.annotations.NullMarked;
