package io.basalt.block;

/// Where one request has spent its time, as far as anybody on its way has said. Part of its [BlockRequest];
/// belongs, as that does, to the front end or to the volume's channel. Allocates nothing.
///
/// Times of several steps add up. **What a stage has cost** ([#costNs]) adds up to the whole time over all
/// stages, though the device and the other copies work at the same time: the device costs what it took; what
/// a copy took longer than the device costs that copy, and what both copies took longer, half each. So the
/// cost says what would be won if the stage took no time.
///
/// ```
///  DEVICE     ├────────┤                cost 9
///  REPLICA_1  ├────────────┤            cost 4 / 2
///  REPLICA_2  ├───────────────────┤     cost 4 / 2 + 7
/// ```
public final class StageTimes {
    private boolean empty = true;
    private boolean remote;
    private long heldNs;
    private long networkNs;
    private long queueNs;
    private long deviceNs;
    private long replica1Ns;
    private long replica2Ns;
    private int set;
    private int device;
    private int replica1;
    private int replica2;

    StageTimes() {}

    /// Nothing is known. By the front end, when it begins a request.
    public void clear() {
        if (!empty) {
            empty = true;
            remote = false;
            heldNs = 0;
            networkNs = 0;
            queueNs = 0;
            deviceNs = 0;
            replica1Ns = 0;
            replica2Ns = 0;
            set = 0;
            device = 0;
            replica1 = 0;
            replica2 = 0;
        }
    }

    /// Whether nobody has said anything: all of the time is the volume's own.
    public boolean isEmpty() {
        return empty;
    }

    /// A limit has held it back.
    public void held(long ns) {
        empty = false;
        heldNs += ns;
    }

    /// Another node has served it, and nothing but the time between sending and answer is known.
    public void travelled(long ns) {
        empty = false;
        remote = true;
        networkNs += ns;
    }

    /// The device that the other node has served it from.
    ///
    /// @param inSet the set that numbers of devices belong to
    /// @param queue nanoseconds before it was begun
    /// @param store nanoseconds in the device's store
    public void served(int inSet, int byDevice, long queue, long store) {
        empty = false;
        set = inSet;
        device = byDevice;
        queueNs += queue;
        deviceNs += store;
    }

    /// The other copies, each with the time until it had answered; device 0 and 0 ns for none.
    public void copied(int first, long firstNs, int second, long secondNs) {
        empty = false;
        replica1 = first;
        replica1Ns += firstNs;
        replica2 = second;
        replica2Ns += secondNs;
    }

    /// Time in a stage, as measured. 0 for [Stage#RING], which nobody knows of a single request, and for
    /// [Stage#GATE], which is what is left over.
    public long ns(Stage stage) {
        return switch (stage) {
            case RING, GATE -> 0;
            case QOS -> heldNs;
            case NETWORK -> networkNs;
            case QUEUE -> queueNs;
            case DEVICE -> deviceNs;
            case REPLICA_1 -> replica1Ns;
            case REPLICA_2 -> replica2Ns;
        };
    }

    /// What a stage has cost of the time from taking the request to answering it.
    ///
    /// @param totalNs that time
    public long costNs(Stage stage, long totalNs) {
        final long both = Math.max(0, Math.min(replica1Ns, replica2Ns) - deviceNs);
        return switch (stage) {
            case RING -> 0;
            case QOS -> heldNs;
            case GATE -> remote ? restNs(totalNs) : 0;
            case NETWORK -> networkNs;
            case QUEUE -> queueNs;
            case DEVICE -> remote ? deviceNs : deviceNs + restNs(totalNs);
            case REPLICA_1 -> both / 2 + Math.max(0, replica1Ns - Math.max(deviceNs, replica2Ns));
            case REPLICA_2 -> both - both / 2 + Math.max(0, replica2Ns - Math.max(deviceNs, replica1Ns));
        };
    }

    /// What nobody has accounted for. Clocks of two nodes have their own grain: never negative.
    private long restNs(long totalNs) {
        final long copiesNs = Math.max(deviceNs, Math.max(replica1Ns, replica2Ns));
        return Math.max(0, totalNs - heldNs - networkNs - queueNs - copiesNs);
    }

    /// Whether another node has served it.
    public boolean isRemote() {
        return remote;
    }

    /// The set of the devices; 0 if none is known.
    public int set() {
        return set;
    }

    /// The device that served it; 0 if it is not known.
    public int device() {
        return device;
    }

    /// The device of the first of the other copies; 0 for none.
    public int replica1() {
        return replica1;
    }

    /// The device of the second of the other copies; 0 for none.
    public int replica2() {
        return replica2;
    }
}
