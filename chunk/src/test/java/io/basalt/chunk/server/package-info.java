/// Tests of replication's parts; the whole is tested in the simulation module.
@org.jspecify.annotations.NullMarked
package io.basalt.chunk.server;
