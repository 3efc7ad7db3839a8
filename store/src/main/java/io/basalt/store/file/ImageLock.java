package io.basalt.store.file;

import io.basalt.linux.Errno;
import io.basalt.linux.LinuxException;
import io.basalt.linux.file.LinuxFile;
import io.basalt.linux.file.LockHolder;
import io.basalt.store.VolumeException;
import io.basalt.store.VolumeException.Kind;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// The lock on a volume's file: one writer, or any number of readers. Held until the file is closed.
///
/// It is one that QEMU's image locks, which lie on bytes 100 and up ("uses permission n") and 200 and up ("does not
/// share permission n"), understand, and that understands them:
///
/// | who | locks | so that |
/// |---|---|---|
/// | writer | the whole file, exclusively | whoever else asks for any byte is refused |
/// | reader | "reads", "shares no writer" and "shares no resizer", shared | QEMU may read too, but not write |
///
/// A reader then looks whether somebody writes or resizes already. Locks of flock(2) are another matter.
final class ImageLock {
    private static final long USES = 100;
    private static final long DOES_NOT_SHARE = 200;

    /// QEMU's numbers of the permissions.
    private static final int READ = 0;

    private static final int WRITE = 1;
    private static final int RESIZE = 3;

    private ImageLock() {}

    /// Take the lock for an open file.
    ///
    /// @throws VolumeException if somebody's use of the file does not go with it, saying whose as far as that can
    ///     be found out
    /// @throws LinuxException if the file system cannot lock
    static void take(Path path, LinuxFile file, boolean readOnly) {
        final int result = readOnly ? share(file) : file.tryLock();
        if (result == -Errno.EAGAIN || result == -Errno.EACCES) {
            file.unlock();
            throw refused(path, readOnly);
        }
        LinuxException.check("lock", result, path.toString());
    }

    private static int share(LinuxFile file) {
        for (final long own : new long[] {USES + READ, DOES_NOT_SHARE + WRITE, DOES_NOT_SHARE + RESIZE}) {
            final int result = file.tryShare(own, 1);
            if (result < 0) {
                return result;
            }
        }
        for (final long others : new long[] {DOES_NOT_SHARE + READ, USES + WRITE, USES + RESIZE}) {
            final int found = file.isLockedElsewhere(others, 1);
            if (found != 0) {
                return found < 0 ? found : -Errno.EAGAIN;
            }
        }
        return 0;
    }

    private static VolumeException refused(Path path, boolean readOnly) {
        final LockHolder holder = LockHolder.of(path);
        return new VolumeException(
                Kind.BUSY,
                "filename",
                path + " is locked by " + describe(holder),
                readOnly
                        ? "close that first: a file that is written to cannot be read by others meanwhile"
                        : "close that first; a file has one writer, or any number of users that only read");
    }

    private static String describe(@Nullable LockHolder holder) {
        if (holder == null) {
            return "another process, which cannot be found on this machine";
        }
        return holder.isSelf()
                ? "another volume of this process"
                : "process " + holder.processId() + " (" + holder.command() + ")";
    }
}
