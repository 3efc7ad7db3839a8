package io.basalt.bench.load;

import io.basalt.bench.Jvm;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/// QEMU's storage daemon with a `null` disk (null-co), a `ram` disk (a file on tmpfs, over io_uring) and, if
/// there is a file, a `file` disk (O_DIRECT, over io_uring). All in one I/O thread, which polls adaptively, as
/// the gate does.
final class StorageDaemon extends BackEnd {
    private final Path folder;

    private StorageDaemon(Process process, Path folder) {
        super(process);
        this.folder = folder;
    }

    /// @param folder for its sockets; must exist
    /// @param ramFile an existing file on tmpfs
    /// @param file an existing file for the `file` disk, or empty for no such disk
    static StorageDaemon start(Path folder, String cpus, long diskBytes, Path ramFile, String file) throws IOException {
        final List<String> command = Jvm.pinned(cpus);
        command.addAll(List.of("qemu-storage-daemon", "--object", "iothread,id=t0"));
        disk(command, folder, "null", "driver=null-co,size=" + diskBytes);
        disk(command, folder, "ram", "driver=file,aio=io_uring,filename=" + ramFile);
        if (!file.isEmpty()) {
            disk(command, folder, "file", "driver=file,aio=io_uring,cache.direct=on,filename=" + file);
        }
        final Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(new File(folder + ".log"))
                .start();
        final StorageDaemon daemon = new StorageDaemon(process, folder);
        daemon.await(daemon.socket("null"));
        daemon.await(daemon.socket("ram"));
        return daemon;
    }

    private static void disk(List<String> command, Path folder, String name, String description) {
        command.add("--blockdev");
        command.add(description + ",node-name=" + name);
        command.add("--export");
        command.add("type=vhost-user-blk,id=export-" + name + ",node-name=" + name
                + ",writable=on,num-queues=1,iothread=t0,addr.type=unix,addr.path=" + folder.resolve(name));
    }

    @Override
    Path socket(String disk) {
        return folder.resolve(disk);
    }
}
