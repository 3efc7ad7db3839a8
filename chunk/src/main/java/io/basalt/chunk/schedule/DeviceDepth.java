package io.basalt.chunk.schedule;

/// How many requests a device has at once, and how many it should have: the bound is given, or found.
///
/// **Finding it.** A tenth of a second at a time: if the bound was reached, it grows by a sixteenth
/// while requests take less than the target on average, and shrinks by a quarter when they take more.
/// The target is long enough for what the device does side by side; beyond it requests only wait inside
/// the device, where nothing can be said about their order any more. One owner reactor.
final class DeviceDepth {
    private static final long WINDOW_NS = 100_000_000L;
    private static final int SAMPLES_MIN = 8;
    private static final int OWN_PART = 4;
    private static final int DUE_PART = 4;
    private static final int SHARED_PART = 32;
    private static final int SMOOTHING = 32;
    private static final int RATE_SMOOTHING = 8;

    /// How long after a client's request the device is not background work's alone.
    private static final long ACTIVE_NS = 100_000_000L;

    private final ScheduleSettings settings;
    private int bound;
    private int inFlight;
    private int replicas;
    private int background;
    private long latencyNs;
    private double perSecond;

    private long clientNs;
    private long windowNs;
    private long windowSumNs;
    private int windowCount;
    private boolean wasReached;

    DeviceDepth(ScheduleSettings settings, long nowNs) {
        this.settings = settings;
        bound = settings.depthMin();
        windowNs = nowNs;
        clientNs = nowNs - ACTIVE_NS;
        latencyNs = Math.min(settings.latencyNs(), 1_000_000L);
    }

    int bound() {
        return bound;
    }

    int inFlight() {
        return inFlight;
    }

    /// Mean time of a request at the store, of late.
    long latencyNs() {
        return latencyNs;
    }

    /// Whether a client's request can begin. Part of the depth is never taken by replicas.
    boolean hasRoom() {
        return inFlight < bound || inFlight - replicas < own();
    }

    /// Whether background work that is due can begin: beside clients as much as a share needs.
    boolean hasRoomForDue(long nowNs) {
        return inFlight < bound && background < (isShared(nowNs) ? 1 + bound / DUE_PART : 1 + bound / 2);
    }

    /// Whether background work that is not due can begin: beside clients only where they leave the device
    /// idle, since what is under way is waited for by those that come next.
    boolean hasRoomForRest(long nowNs) {
        if (!isShared(nowNs)) {
            return hasRoomForDue(nowNs);
        }
        final int beside = Math.max(1, bound / SHARED_PART);
        return background < beside && inFlight - background < beside;
    }

    private boolean isShared(long nowNs) {
        return nowNs - clientNs < ACTIVE_NS;
    }

    private int own() {
        return Math.max(1, bound / OWN_PART);
    }

    /// A client asks for something.
    void clientAsks(long nowNs) {
        clientNs = nowNs;
    }

    /// A client's job has to wait.
    void reached() {
        wasReached = true;
    }

    void began(Origin origin) {
        inFlight++;
        count(origin, 1);
    }

    void ended(Origin origin, long tookNs) {
        inFlight--;
        count(origin, -1);
        latencyNs += (tookNs - latencyNs) / SMOOTHING;
        windowSumNs += tookNs;
        windowCount++;
    }

    private void count(Origin origin, int by) {
        if (origin == Origin.REPLICA) {
            replicas += by;
        } else if (origin == Origin.BACKGROUND) {
            background += by;
        }
    }

    /// Requests of this device's own that it would do in a second, if it had as many as it may.
    double ownPerSecond() {
        return Math.max(bound - replicas, own()) * (double) Flow.SECOND_NS / Math.max(latencyNs, 1);
    }

    /// Requests that it has ended in a second, of late.
    double perSecond() {
        return perSecond;
    }

    /// Look at the time that has passed.
    void tick(long nowNs) {
        if (nowNs - windowNs < WINDOW_NS || (wasReached && windowCount < SAMPLES_MIN)) {
            return;
        }
        perSecond += (windowCount * (double) Flow.SECOND_NS / (nowNs - windowNs) - perSecond) / RATE_SMOOTHING;
        if (wasReached) {
            final long meanNs = windowSumNs / windowCount;
            if (meanNs > settings.latencyNs()) {
                bound = Math.max(settings.depthMin(), bound - Math.max(1, bound / 4));
            } else {
                bound = Math.min(settings.depthMax(), bound + Math.max(1, bound / 16));
            }
        }
        windowNs = nowNs;
        windowSumNs = 0;
        windowCount = 0;
        wasReached = false;
    }
}
