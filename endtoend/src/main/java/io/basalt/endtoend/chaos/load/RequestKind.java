package io.basalt.endtoend.chaos.load;

import io.basalt.virtio.blk.BlkSpec;

/// What a request does.
enum RequestKind {
    READ(0, 'r', BlkSpec.VIRTIO_BLK_T_IN),
    WRITE(1, 'w', BlkSpec.VIRTIO_BLK_T_OUT),
    DISCARD(2, 'd', BlkSpec.VIRTIO_BLK_T_DISCARD);

    private final int number;
    private final char letter;
    private final int type;

    RequestKind(int number, char letter, int type) {
        this.number = number;
        this.letter = letter;
        this.type = type;
    }

    /// From 0.
    int number() {
        return number;
    }

    /// As it stands in a history.
    char letter() {
        return letter;
    }

    /// As it stands in a request's header.
    int type() {
        return type;
    }

    /// The kind that a history's letter stands for.
    static RequestKind of(char letter) {
        for (final RequestKind kind : values()) {
            if (kind.letter == letter) {
                return kind;
            }
        }
        throw new IllegalArgumentException("no request is '" + letter + "'");
    }
}
