package io.basalt.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;

/// The one door into the kernel: `syscall(2)` with up to six arguments, answering a result or `-errno`.
///
/// For the packages of this module only; everybody else calls the typed classes beside it. Numbers and layouts
/// are those of x86-64, which is checked when the class loads. Every call is an ordinary downcall (never a
/// *critical* one), since any of them may block and would otherwise hold up safepoints. Calls allocate nothing
/// once a thread has made its first, which creates the thread's errno capture state.
///
/// Arguments are plain `long`s: a pointer is an address the caller keeps alive for the length of the call.
public final class Syscall {
    public static final int READ = 0;
    public static final int WRITE = 1;
    public static final int CLOSE = 3;
    public static final int POLL = 7;
    public static final int LSEEK = 8;
    public static final int MMAP = 9;
    public static final int MUNMAP = 11;
    public static final int IOCTL = 16;
    public static final int PREAD64 = 17;
    public static final int PWRITE64 = 18;
    public static final int MADVISE = 28;
    public static final int GETPID = 39;
    public static final int SOCKET = 41;
    public static final int CONNECT = 42;
    public static final int SENDMSG = 46;
    public static final int RECVMSG = 47;
    public static final int SHUTDOWN = 48;
    public static final int BIND = 49;
    public static final int LISTEN = 50;
    public static final int GETSOCKNAME = 51;
    public static final int GETPEERNAME = 52;
    public static final int SOCKETPAIR = 53;
    public static final int SETSOCKOPT = 54;
    public static final int GETSOCKOPT = 55;
    public static final int FCNTL = 72;
    public static final int FSYNC = 74;
    public static final int FTRUNCATE = 77;
    public static final int UNLINK = 87;
    public static final int FCHMOD = 91;
    public static final int FSTATFS = 138;
    public static final int PRCTL = 157;
    public static final int GETTID = 186;
    public static final int SCHED_SETAFFINITY = 203;
    public static final int SCHED_GETAFFINITY = 204;
    public static final int CLOCK_GETTIME = 228;
    public static final int OPENAT = 257;
    public static final int FCHMODAT = 268;
    public static final int FALLOCATE = 285;
    public static final int ACCEPT4 = 288;
    public static final int EVENTFD2 = 290;
    public static final int PRLIMIT64 = 302;
    public static final int MEMFD_CREATE = 319;
    public static final int STATX = 332;
    public static final int IO_URING_SETUP = 425;
    public static final int IO_URING_ENTER = 426;
    public static final int IO_URING_REGISTER = 427;

    /// The number of bytes in a page of this architecture.
    public static final int PAGE_BYTES = 4096;

    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    private static final Linker LINKER = Linker.nativeLinker();
    private static final StructLayout CAPTURE_LAYOUT = Linker.Option.captureStateLayout();
    private static final long ERRNO_OFFSET = CAPTURE_LAYOUT.byteOffset(MemoryLayout.PathElement.groupElement("errno"));
    private static final long TEXT_BYTES_MAX = 1024;

    private static final MethodHandle SYSCALL = LINKER.downcallHandle(
            LINKER.defaultLookup().findOrThrow("syscall"),
            FunctionDescriptor.of(LONG, LONG, LONG, LONG, LONG, LONG, LONG, LONG),
            Linker.Option.firstVariadicArg(1),
            Linker.Option.captureCallState("errno"));

    private static final MethodHandle STRERROR = LINKER.downcallHandle(
            LINKER.defaultLookup().findOrThrow("strerror"),
            FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.JAVA_INT));

    private static final ThreadLocal<MemorySegment> CAPTURE =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(CAPTURE_LAYOUT));

    static {
        final String architecture = System.getProperty("os.arch", "unknown");
        if (!architecture.equals("amd64") && !architecture.equals("x86_64")) {
            throw new LinuxException(
                    "syscall", 0, "this build knows the kernel interface of x86-64, not " + architecture);
        }
    }

    private Syscall() {}

    /// Answers the call's result, or `-errno`. Allocation-free; may block as the system call does.
    public static long call(int number, long a, long b, long c, long d, long e, long f) {
        final MemorySegment capture = CAPTURE.get();
        final long result;
        try {
            result = (long) SYSCALL.invokeExact(capture, (long) number, a, b, c, d, e, f);
        } catch (RuntimeException | Error unchecked) {
            throw unchecked;
        } catch (Throwable impossible) {
            throw new AssertionError("a downcall declares no checked exception", impossible);
        }
        return result == -1 ? -capture.get(ValueLayout.JAVA_INT, ERRNO_OFFSET) : result;
    }

    public static long call(int number) {
        return call(number, 0, 0, 0, 0, 0, 0);
    }

    public static long call(int number, long a) {
        return call(number, a, 0, 0, 0, 0, 0);
    }

    public static long call(int number, long a, long b) {
        return call(number, a, b, 0, 0, 0, 0);
    }

    public static long call(int number, long a, long b, long c) {
        return call(number, a, b, c, 0, 0, 0);
    }

    public static long call(int number, long a, long b, long c, long d) {
        return call(number, a, b, c, d, 0, 0);
    }

    public static long call(int number, long a, long b, long c, long d, long e) {
        return call(number, a, b, c, d, e, 0);
    }

    /// The memory at `address` as a segment that lives as long as `arena`; `unmap` runs when the arena closes.
    public static MemorySegment memory(long address, long length, Arena arena, Runnable unmap) {
        return MemorySegment.ofAddress(address).reinterpret(length, arena, _ -> unmap.run());
    }

    /// libc's English sentence for an error number.
    static String errorText(int errno) {
        try {
            final MemorySegment text = (MemorySegment) STRERROR.invokeExact(errno);
            return text.reinterpret(TEXT_BYTES_MAX).getString(0, StandardCharsets.UTF_8);
        } catch (RuntimeException | Error unchecked) {
            throw unchecked;
        } catch (Throwable impossible) {
            throw new AssertionError("a downcall declares no checked exception", impossible);
        }
    }
}
