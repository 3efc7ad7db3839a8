package io.basalt.cli.gate;

import java.nio.file.Path;
import java.util.List;

/// How a guest is given a controller's socket, ready to paste.
public final class GuestRecipe {
    private GuestRecipe() {}

    /// A QEMU command line; its lines end in backslashes where they go on.
    ///
    /// @param queues virtqueues of the disk
    public static List<String> qemu(Path socket, int queues) {
        return List.of(
                "qemu-system-x86_64 -machine q35,accel=kvm:tcg,memory-backend=mem -m 2G -smp " + queues + " \\",
                "  -object memory-backend-memfd,id=mem,size=2G,share=on \\",
                "  -chardev socket,id=d0,path=" + socket + ",reconnect=1 \\",
                "  -device vhost-user-blk-pci,chardev=d0,num-queues=" + queues);
    }

    /// Elements of a libvirt domain.
    public static List<String> libvirt(Path socket, int queues) {
        return List.of(
                "<memoryBacking><source type='memfd'/><access mode='shared'/></memoryBacking>",
                "<disk type='vhostuser' device='disk'><driver name='qemu' type='raw' queues='" + queues + "'/>",
                "  <source type='unix' path='" + socket + "'><reconnect enabled='yes' timeout='1'/></source>",
                "  <target dev='vdb' bus='virtio'/></disk>");
    }
}
