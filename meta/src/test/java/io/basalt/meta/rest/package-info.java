/// Tests.
@NullMarked
package io.basalt.meta.rest;

import org.jspecify.annotations.NullMarked;
