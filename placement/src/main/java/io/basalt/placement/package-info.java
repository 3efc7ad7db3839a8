/// The routing rule as pure functions: shard to placement group to ordered replicas, from one immutable map.
///
/// [ShardRouter][io.basalt.placement.ShardRouter] and [PgTable][io.basalt.placement.PgTable] are what an I/O needs.
/// [Placement][io.basalt.placement.Placement] says where copies should be, which the metaserver brings about;
/// [Balancer][io.basalt.placement.Balancer] evens the load out with a short table of exceptions;
/// [PlacementSimulation][io.basalt.placement.PlacementSimulation] tells beforehand what a topology is worth.
/// No thread, clock, randomness or I/O; everything that decides where data is computes in integers.
@NullMarked
package io.basalt.placement;

import org.jspecify.annotations.NullMarked;
