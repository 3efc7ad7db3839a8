package io.basalt.bench.load;

import io.basalt.bench.Jvm;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/// QEMU's NBD server with one file: O_DIRECT, over io_uring. It does not lock the file, so that another
/// may serve the same.
final class QemuNbd extends BackEnd {
    private static final String CLIENTS = "16";

    private final Path folder;

    private QemuNbd(Process process, Path folder) {
        super(process);
        this.folder = folder;
    }

    /// @param folder for its socket; must exist
    static QemuNbd start(Path folder, String cpus, Path file) throws IOException {
        final List<String> command = Jvm.pinned(cpus);
        command.addAll(List.of(
                "qemu-nbd",
                "--persistent",
                "--shared=" + CLIENTS,
                "--socket=" + folder.resolve("file"),
                "--image-opts",
                "driver=raw,file.driver=file,file.locking=off,file.aio=io_uring,file.cache.direct=on,file.filename="
                        + file));
        final Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(new File(folder + ".log"))
                .start();
        final QemuNbd server = new QemuNbd(process, folder);
        server.await(server.socket("file"));
        return server;
    }

    @Override
    Path socket(String disk) {
        return folder.resolve(disk);
    }

    String uri() {
        return "nbd+unix:///?socket=" + socket("file");
    }
}
