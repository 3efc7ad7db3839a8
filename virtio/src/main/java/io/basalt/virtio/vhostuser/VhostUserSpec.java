package io.basalt.virtio.vhostuser;

/// Numbers of the vhost-user protocol, in the specification's spelling, and the rules for each message's
/// size.
///
/// Integers are in host byte order, which is little-endian on every machine this runs on.
public final class VhostUserSpec {
    /// Bytes of a header: request, flags, payload size, 32 bits each.
    public static final int HEADER_SIZE = 12;
    /// Most payload bytes of a message that is read; nothing legal comes near it.
    public static final int PAYLOAD_SIZE_MAX = 4096;
    /// Most bytes of a message.
    public static final int MESSAGE_SIZE_MAX = HEADER_SIZE + PAYLOAD_SIZE_MAX;
    /// Most descriptors one message can carry on a Unix socket (SCM_MAX_FD).
    public static final int FD_COUNT_MAX = 253;
    /// Most queues of a device: a kick message has 8 bits for the index.
    public static final int QUEUE_COUNT_MAX = 256;

    /// Header flags.
    public static final int VERSION = 0x1;

    public static final int VERSION_MASK = 0x3;
    public static final int REPLY_MASK = 0x4;
    public static final int NEED_REPLY_MASK = 0x8;
    /// The flags of every reply, exactly: front ends compare all bits.
    public static final int REPLY_FLAGS = VERSION | REPLY_MASK;

    /// Requests of the front end.
    public static final int GET_FEATURES = 1;

    public static final int SET_FEATURES = 2;
    public static final int SET_OWNER = 3;
    public static final int RESET_OWNER = 4;
    public static final int SET_MEM_TABLE = 5;
    public static final int SET_LOG_BASE = 6;
    public static final int SET_LOG_FD = 7;
    public static final int SET_VRING_NUM = 8;
    public static final int SET_VRING_ADDR = 9;
    public static final int SET_VRING_BASE = 10;
    public static final int GET_VRING_BASE = 11;
    public static final int SET_VRING_KICK = 12;
    public static final int SET_VRING_CALL = 13;
    public static final int SET_VRING_ERR = 14;
    public static final int GET_PROTOCOL_FEATURES = 15;
    public static final int SET_PROTOCOL_FEATURES = 16;
    public static final int GET_QUEUE_NUM = 17;
    public static final int SET_VRING_ENABLE = 18;
    public static final int SET_BACKEND_REQ_FD = 21;
    public static final int GET_CONFIG = 24;
    public static final int SET_CONFIG = 25;
    public static final int GET_INFLIGHT_FD = 31;
    public static final int SET_INFLIGHT_FD = 32;
    public static final int RESET_DEVICE = 34;
    public static final int GET_MAX_MEM_SLOTS = 36;
    public static final int ADD_MEM_REG = 37;
    public static final int REM_MEM_REG = 38;
    public static final int SET_STATUS = 39;
    public static final int GET_STATUS = 40;

    /// Requests of the back end.
    public static final int BACKEND_CONFIG_CHANGE_MSG = 2;

    /// Protocol features, as masks.
    public static final long PROTOCOL_F_MQ = 1L;

    public static final long PROTOCOL_F_LOG_SHMFD = 1L << 1;
    public static final long PROTOCOL_F_REPLY_ACK = 1L << 3;
    public static final long PROTOCOL_F_BACKEND_REQ = 1L << 5;
    public static final long PROTOCOL_F_CONFIG = 1L << 9;
    public static final long PROTOCOL_F_INFLIGHT_SHMFD = 1L << 12;
    public static final long PROTOCOL_F_RESET_DEVICE = 1L << 13;
    public static final long PROTOCOL_F_CONFIGURE_MEM_SLOTS = 1L << 15;
    public static final long PROTOCOL_F_STATUS = 1L << 16;
    /// What a session offers. Post-copy is not among it: it excludes memory slots.
    public static final long PROTOCOL_FEATURES_OFFERED = PROTOCOL_F_MQ
            | PROTOCOL_F_LOG_SHMFD
            | PROTOCOL_F_REPLY_ACK
            | PROTOCOL_F_BACKEND_REQ
            | PROTOCOL_F_CONFIG
            | PROTOCOL_F_INFLIGHT_SHMFD
            | PROTOCOL_F_RESET_DEVICE
            | PROTOCOL_F_CONFIGURE_MEM_SLOTS
            | PROTOCOL_F_STATUS;

    /// Feature bits that travel with the virtio ones, as masks.
    public static final long VHOST_F_LOG_ALL = 1L << 26;

    public static final long VHOST_USER_F_PROTOCOL_FEATURES = 1L << 30;
    /// Virtio's own packed-ring bit, which decides ring and inflight layouts.
    public static final long VIRTIO_F_RING_PACKED = 1L << 34;

    /// Flag of SET_VRING_ADDR: log writes to the used ring.
    public static final int VHOST_VRING_F_LOG = 0x1;
    /// Mask of the queue index in SET_VRING_KICK, _CALL and _ERR.
    public static final long VRING_IDX_MASK = 0xff;
    /// In the same messages: no descriptor comes along.
    public static final long VRING_NOFD_MASK = 0x100;

    /// Regions of a SET_MEM_TABLE at most.
    public static final int MEMORY_BASELINE_NREGIONS = 8;
    /// Bytes of the configuration space a front end may ask for.
    public static final int CONFIG_SIZE_MAX = 256;
    /// SET_CONFIG flag: a migration restores the value.
    public static final int SET_CONFIG_TYPE_MIGRATION = 1;

    /// Device status bit: the driver is ready (virtio 1.2 section 2.1).
    public static final int STATUS_DRIVER_OK = 4;

    /// Payload bytes.
    public static final int U64_SIZE = 8;

    public static final int VRING_STATE_SIZE = 8;
    public static final int VRING_ADDR_SIZE = 40;
    public static final int MEMORY_HEADER_SIZE = 8;
    public static final int MEMORY_REGION_SIZE = 32;
    public static final int SINGLE_REGION_SIZE = 8 + MEMORY_REGION_SIZE;
    public static final int LOG_SIZE = 16;
    public static final int CONFIG_HEADER_SIZE = 12;
    /// Inflight description: 20 bytes of fields, 24 as C lays it out.
    public static final int INFLIGHT_SIZE_MIN = 20;

    public static final int INFLIGHT_SIZE = 24;

    private VhostUserSpec() {}

    /// A request's name, or its number.
    public static String name(int request) {
        return switch (request) {
            case GET_FEATURES -> "GET_FEATURES";
            case SET_FEATURES -> "SET_FEATURES";
            case SET_OWNER -> "SET_OWNER";
            case RESET_OWNER -> "RESET_OWNER";
            case SET_MEM_TABLE -> "SET_MEM_TABLE";
            case SET_LOG_BASE -> "SET_LOG_BASE";
            case SET_LOG_FD -> "SET_LOG_FD";
            case SET_VRING_NUM -> "SET_VRING_NUM";
            case SET_VRING_ADDR -> "SET_VRING_ADDR";
            case SET_VRING_BASE -> "SET_VRING_BASE";
            case GET_VRING_BASE -> "GET_VRING_BASE";
            case SET_VRING_KICK -> "SET_VRING_KICK";
            case SET_VRING_CALL -> "SET_VRING_CALL";
            case SET_VRING_ERR -> "SET_VRING_ERR";
            case GET_PROTOCOL_FEATURES -> "GET_PROTOCOL_FEATURES";
            case SET_PROTOCOL_FEATURES -> "SET_PROTOCOL_FEATURES";
            case GET_QUEUE_NUM -> "GET_QUEUE_NUM";
            case SET_VRING_ENABLE -> "SET_VRING_ENABLE";
            case SET_BACKEND_REQ_FD -> "SET_BACKEND_REQ_FD";
            case GET_CONFIG -> "GET_CONFIG";
            case SET_CONFIG -> "SET_CONFIG";
            case GET_INFLIGHT_FD -> "GET_INFLIGHT_FD";
            case SET_INFLIGHT_FD -> "SET_INFLIGHT_FD";
            case RESET_DEVICE -> "RESET_DEVICE";
            case GET_MAX_MEM_SLOTS -> "GET_MAX_MEM_SLOTS";
            case ADD_MEM_REG -> "ADD_MEM_REG";
            case REM_MEM_REG -> "REM_MEM_REG";
            case SET_STATUS -> "SET_STATUS";
            case GET_STATUS -> "GET_STATUS";
            default -> "request " + Integer.toUnsignedString(request);
        };
    }

    /// Whether a front end that does not know of a request's refusal would be led to lose data.
    static boolean isVital(int request) {
        return switch (request) {
            case SET_FEATURES,
                    SET_PROTOCOL_FEATURES,
                    SET_MEM_TABLE,
                    ADD_MEM_REG,
                    REM_MEM_REG,
                    SET_LOG_BASE,
                    SET_INFLIGHT_FD,
                    // Its reply is a base and cannot say no.
                    GET_VRING_BASE -> true;
            default -> false;
        };
    }

    /// Least payload of a request. Requests that have none may carry up to eight bytes nobody looks at, as
    /// some front ends send a whole 64-bit field; sizes inside GET_CONFIG and SET_CONFIG are judged with
    /// their content.
    static int payloadSizeMin(int request) {
        return switch (request) {
            case SET_FEATURES, SET_PROTOCOL_FEATURES, SET_VRING_KICK, SET_VRING_CALL, SET_VRING_ERR, SET_STATUS ->
                U64_SIZE;
            case SET_VRING_NUM, SET_VRING_BASE, GET_VRING_BASE, SET_VRING_ENABLE -> VRING_STATE_SIZE;
            case SET_MEM_TABLE -> MEMORY_HEADER_SIZE;
            case SET_LOG_BASE -> LOG_SIZE;
            case SET_VRING_ADDR -> VRING_ADDR_SIZE;
            case GET_INFLIGHT_FD, SET_INFLIGHT_FD -> INFLIGHT_SIZE_MIN;
            case ADD_MEM_REG, REM_MEM_REG -> SINGLE_REGION_SIZE;
            default -> 0;
        };
    }

    /// Greatest payload of a request; unknown requests may carry anything that can be read.
    static int payloadSizeMax(int request) {
        return switch (request) {
            case GET_FEATURES,
                    SET_FEATURES,
                    SET_OWNER,
                    RESET_OWNER,
                    SET_LOG_FD,
                    SET_VRING_NUM,
                    SET_VRING_BASE,
                    GET_VRING_BASE,
                    SET_VRING_KICK,
                    SET_VRING_CALL,
                    SET_VRING_ERR,
                    GET_PROTOCOL_FEATURES,
                    SET_PROTOCOL_FEATURES,
                    GET_QUEUE_NUM,
                    SET_VRING_ENABLE,
                    SET_BACKEND_REQ_FD,
                    RESET_DEVICE,
                    GET_MAX_MEM_SLOTS,
                    SET_STATUS,
                    GET_STATUS -> U64_SIZE;
            case SET_MEM_TABLE -> MEMORY_HEADER_SIZE + MEMORY_BASELINE_NREGIONS * MEMORY_REGION_SIZE;
            case SET_LOG_BASE -> LOG_SIZE;
            case SET_VRING_ADDR -> VRING_ADDR_SIZE;
            case GET_INFLIGHT_FD, SET_INFLIGHT_FD -> INFLIGHT_SIZE;
            case ADD_MEM_REG, REM_MEM_REG -> SINGLE_REGION_SIZE;
            default -> PAYLOAD_SIZE_MAX;
        };
    }
}
