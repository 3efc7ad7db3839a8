/// The contract between front ends (virtio, NBD, NVMe), volumes and devices: one request, one
/// scatter-gather list, one set of results. Core: no thread, clock, I/O or randomness.
@NullMarked
package io.basalt.block;

import org.jspecify.annotations.NullMarked;
