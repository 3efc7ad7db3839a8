/// Volumes that wrap another volume and misbehave on purpose: failing or late requests.
@NullMarked
package io.basalt.store.fault;

import org.jspecify.annotations.NullMarked;
