package io.basalt.chunk.schedule;

/// How a device's [Scheduler] is doing.
///
/// @param depth requests that are at the store at once, before others wait
/// @param inFlight requests at the store now
/// @param latencyNs mean time of a request at the store, of late
/// @param queued clients' jobs that wait now
/// @param queuedBackground other jobs that wait now
/// @param waits clients' jobs that had to wait so far
/// @param refusals clients' jobs that were refused so far
/// @param drops jobs so far that nobody waited for any more when their turn came
public record ScheduleStatus(
        int depth,
        int inFlight,
        long latencyNs,
        int queued,
        int queuedBackground,
        long waits,
        long refusals,
        long drops) {}
