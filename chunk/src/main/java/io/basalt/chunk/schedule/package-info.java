/// Which request a device begins next: the scheduler of one device's I/O.
///
/// ```
///  gates ─────▶ a queue a volume ──┐ reservation, weight, limit
///  repair, migration, scrub ───────┤ a queue each, share of the device
///                                  ▼
///                              Scheduler ── room? ──▶ order of overlapping requests ──▶ store ──▶ device
///                                  ▲                                                      │
///  primaries elsewhere ────────────┼── counted, never held up ───────────────────────────▶│
///                                  └────────── depth, latency ◀────────────────────────────┘
/// ```
///
/// **Rules.** They keep scheduling from changing what replication promises:
///
/// 1. A client's request is scheduled once, at its primary, before it takes a place among overlapping
///    ones. So whoever holds blocks never waits for the scheduler, and who waits for blocks waits for
///    work that is under way.
/// 2. What a primary elsewhere has ordered is begun when it comes: it is counted, and makes the clients
///    of this device wait, but is neither held up, refused nor reordered. So no primary waits for
///    another device's depth while that one waits for it.
/// 3. What replicas do may fill a device, but not shut its own clients out: some of its depth is always
///    theirs.
/// 4. A change keeps its identity from the moment it is taken: a retry of one that still waits joins
///    it. What is refused, or dropped because nobody waits for it any more, has not begun, and has no
///    identity.
/// 5. What a takeover has to rewrite is not scheduled, since clients wait for it. Other repair is, and
///    clients never wait for what waits here.
/// 6. Depth counts requests at the store. A change that waits for other copies takes none: a copy that
///    is silent does not keep other placement groups from the device.
///
/// Core: no clock, thread or randomness; the time comes with each call. Allocates nothing, after each
/// volume's first request that has to wait.
@NullMarked
package io.basalt.chunk.schedule;

import org.jspecify.annotations.NullMarked;
