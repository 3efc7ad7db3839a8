package io.basalt.endtoend.harness;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a test guest is made of.
///
/// @param test the script of `endtoend/guest/tests` to run
/// @param vcpus virtual processors
/// @param memoryMib memory in MiB
/// @param hugePages whether guest memory comes from 2 MiB huge pages
/// @param disks disks in order: the first is `/dev/vda`
/// @param parameters values that the script asks for, without their `basalt.` prefix
/// @param incoming where a migration comes from, as a QEMU URI; null for a machine that boots
public record GuestMachine(
        String test,
        int vcpus,
        int memoryMib,
        boolean hugePages,
        List<GuestDisk> disks,
        Map<String, String> parameters,
        @Nullable String incoming) {
    public static final int MEMORY_MIB = 512;

    /// One processor, 512 MiB, one disk.
    public static GuestMachine running(String test, GuestDisk disk) {
        return new GuestMachine(test, 1, MEMORY_MIB, false, List.of(disk), Map.of(), null);
    }

    public GuestMachine withVcpus(int count) {
        return new GuestMachine(test, count, memoryMib, hugePages, disks, parameters, incoming);
    }

    public GuestMachine withHugePages(boolean used) {
        return new GuestMachine(test, vcpus, memoryMib, used, disks, parameters, incoming);
    }

    public GuestMachine withTest(String name) {
        return new GuestMachine(name, vcpus, memoryMib, hugePages, disks, parameters, incoming);
    }

    public GuestMachine withDisk(GuestDisk disk) {
        return new GuestMachine(test, vcpus, memoryMib, hugePages, List.of(disk), parameters, incoming);
    }

    public GuestMachine withParameter(String name, Object value) {
        final Map<String, String> all = new LinkedHashMap<>(parameters);
        all.put(name, value.toString());
        return new GuestMachine(test, vcpus, memoryMib, hugePages, disks, Map.copyOf(all), incoming);
    }

    public GuestMachine withIncoming(String uri) {
        return new GuestMachine(test, vcpus, memoryMib, hugePages, disks, parameters, uri);
    }

    /// The QEMU command line. Software emulation only: it works everywhere. String instructions of the `erms` and
    /// `fsrm` kinds are hidden because the emulator runs them byte by byte; `no_timer_check` because on a busy
    /// host the kernel's timer check fails by chance.
    List<String> command(GuestImage image, Path qmpSocket) {
        final StringBuilder append =
                new StringBuilder("console=ttyS0 panic=-1 quiet no_timer_check mitigations=off basalt.test=" + test);
        parameters.forEach((name, value) ->
                append.append(" basalt.").append(name).append('=').append(value));
        final List<String> command = new ArrayList<>(
                List.of("qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"));
        command.addAll(List.of("-accel", vcpus == 1 ? "tcg,thread=single" : "tcg,thread=multi"));
        command.addAll(List.of("-cpu", "max,-erms,-fsrm", "-machine", "q35,memory-backend=memory"));
        command.addAll(List.of("-m", memoryMib + "M", "-smp", Integer.toString(vcpus)));
        command.addAll(List.of(
                "-object",
                "memory-backend-memfd,id=memory,size=" + memoryMib + "M,share=on"
                        + (hugePages ? ",hugetlb=on,hugetlbsize=2M" : "")));
        command.addAll(List.of("-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console"));
        command.addAll(List.of("-qmp", "unix:" + qmpSocket + ",server=on,wait=off"));
        for (int i = 0; i < disks.size(); i++) {
            command.addAll(List.of("-chardev", disks.get(i).chardev(i)));
            command.addAll(List.of("-device", disks.get(i).device(i)));
        }
        command.addAll(List.of(
                "-kernel",
                image.kernel().toString(),
                "-initrd",
                image.initramfs().toString()));
        command.addAll(List.of("-append", append.toString()));
        if (incoming != null) {
            command.addAll(List.of("-incoming", incoming));
        }
        return command;
    }
}
