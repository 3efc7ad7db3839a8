/// Tests.
@NullMarked
package io.basalt.meta.service;

import org.jspecify.annotations.NullMarked;
