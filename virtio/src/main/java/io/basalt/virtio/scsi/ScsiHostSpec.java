package io.basalt.virtio.scsi;

/// The numbers of the virtio-scsi specification (virtio 1.2, section 5.6), in its spelling.
public final class ScsiHostSpec {
    // Queues (5.6.2).
    public static final int CONTROL_QUEUE = 0;
    public static final int EVENT_QUEUE = 1;
    public static final int FIRST_REQUEST_QUEUE = 2;

    // Feature bits (5.6.3).
    public static final int VIRTIO_SCSI_F_HOTPLUG = 1;
    public static final int VIRTIO_SCSI_F_CHANGE = 2;

    /// Bytes of a request up to its CDB: `{u8 lun[8]; le64 id; u8 task_attr, prio, crn}`.
    static final int CDB_OFFSET = 19;
    /// Bytes of a request before its data, with `cdb_size` as it is unless a driver changes it.
    public static final int REQUEST_LENGTH = 51;
    static final int TAG_OFFSET = 8;
    /// Bytes of an answer before its data, with `sense_size` as it is unless a driver changes it:
    /// `{le32 sense_len, residual; le16 status_qualifier; u8 status, response; u8 sense[96]}`.
    public static final int RESPONSE_LENGTH = 108;
    static final int RESIDUAL_OFFSET = 4;
    static final int STATUS_OFFSET = 10;
    static final int RESPONSE_OFFSET = 11;
    static final int SENSE_OFFSET = 12;

    // Responses (5.6.6.1, 5.6.6.2).
    public static final int VIRTIO_SCSI_S_OK = 0;
    public static final int VIRTIO_SCSI_S_OVERRUN = 1;
    public static final int VIRTIO_SCSI_S_BAD_TARGET = 3;
    public static final int VIRTIO_SCSI_S_FAILURE = 9;
    public static final int VIRTIO_SCSI_S_FUNCTION_SUCCEEDED = 10;
    public static final int VIRTIO_SCSI_S_FUNCTION_REJECTED = 11;
    public static final int VIRTIO_SCSI_S_INCORRECT_LUN = 12;

    // Control requests (5.6.6.2).
    public static final int VIRTIO_SCSI_T_TMF = 0;
    public static final int VIRTIO_SCSI_T_AN_QUERY = 1;
    public static final int VIRTIO_SCSI_T_AN_SUBSCRIBE = 2;
    public static final int VIRTIO_SCSI_T_TMF_ABORT_TASK = 0;
    public static final int VIRTIO_SCSI_T_TMF_ABORT_TASK_SET = 1;
    public static final int VIRTIO_SCSI_T_TMF_CLEAR_ACA = 2;
    public static final int VIRTIO_SCSI_T_TMF_CLEAR_TASK_SET = 3;
    public static final int VIRTIO_SCSI_T_TMF_I_T_NEXUS_RESET = 4;
    public static final int VIRTIO_SCSI_T_TMF_LOGICAL_UNIT_RESET = 5;
    public static final int VIRTIO_SCSI_T_TMF_QUERY_TASK = 6;
    public static final int VIRTIO_SCSI_T_TMF_QUERY_TASK_SET = 7;
    /// Bytes of a task management request `{le32 type, subtype; u8 lun[8]; le64 id}`.
    static final int TMF_LENGTH = 24;
    /// Bytes of an asynchronous notification request `{le32 type; u8 lun[8]; le32 event_requested}`.
    static final int NOTIFICATION_LENGTH = 16;

    // Events (5.6.6.3).
    public static final int VIRTIO_SCSI_T_NO_EVENT = 0;
    public static final int VIRTIO_SCSI_T_TRANSPORT_RESET = 1;
    public static final int VIRTIO_SCSI_T_PARAM_CHANGE = 3;
    public static final int VIRTIO_SCSI_T_EVENTS_MISSED = 0x8000_0000;
    public static final int VIRTIO_SCSI_EVT_RESET_RESCAN = 1;
    public static final int VIRTIO_SCSI_EVT_RESET_REMOVED = 2;
    /// Reason of a PARAM_CHANGE: the additional sense code of CAPACITY DATA HAS CHANGED, its qualifier above.
    public static final int CAPACITY_CHANGED = 0x2a | 0x09 << 8;
    /// Bytes of an event `{le32 event; u8 lun[8]; le32 reason}`.
    static final int EVENT_LENGTH = 16;

    // Configuration space (5.6.4), which a front end may ask for although QEMU keeps it itself.
    static final int CONFIG_NUM_QUEUES = 0;
    static final int CONFIG_SEG_MAX = 4;
    static final int CONFIG_MAX_SECTORS = 8;
    static final int CONFIG_CMD_PER_LUN = 12;
    static final int CONFIG_EVENT_INFO_SIZE = 16;
    static final int CONFIG_SENSE_SIZE = 20;
    static final int CONFIG_CDB_SIZE = 24;
    static final int CONFIG_MAX_CHANNEL = 28;
    static final int CONFIG_MAX_TARGET = 30;
    static final int CONFIG_MAX_LUN = 32;
    static final int CONFIG_LENGTH = 36;

    private ScsiHostSpec() {}
}
