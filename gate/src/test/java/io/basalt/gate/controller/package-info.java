/// Tests of what controllers do to the descriptors that front ends send.
@NullMarked
package io.basalt.gate.controller;

import org.jspecify.annotations.NullMarked;
