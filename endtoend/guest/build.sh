#!/usr/bin/env bash
# Builds what a test guest boots from: the ELF kernel of Debian's cloud kernel package and one initramfs with busybox,
# the virtio modules, mkfs.ext4, e2fsck, fio, sg3_utils and every script of tests/. Prints the folder that holds both.
#
# usage: build.sh [CACHE_DIR]
#
# The folder's name is a hash of everything that goes in, so a second call costs nothing and a changed script never
# meets an old image. Needs no root. The kernel package is unpacked, never installed. JAVA names the java to use.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${1:-$(dirname "$(dirname "$here")")/.cache/guest}
java=${JAVA:-java}
export PATH=$PATH:/usr/sbin:/sbin

die() {
    echo "guest image: $*" >&2
    exit 1
}

scsi_tools=(sg_vpd sg_inq sg_readcap sg_opcodes sg_persist)
for tool in apt-get dpkg busybox modprobe cpio xz fio mkfs.ext4 e2fsck ldd flock sha256sum "${scsi_tools[@]}"; do
    command -v "$tool" >/dev/null ||
        die "'$tool' is missing (Debian packages: busybox-static kmod cpio xz-utils fio e2fsprogs sg3-utils)"
done

binaries=(/bin/busybox "$(command -v fio)" "$(command -v mkfs.ext4)" "$(command -v e2fsck)")
for tool in "${scsi_tools[@]}"; do
    binaries+=("$(command -v "$tool")")
done
key=$(cd "$here" && {
    find . -type f -print0 | sort -z | xargs -0 sha256sum
    sha256sum "${binaries[@]}"
} | sha256sum | cut -c1-16)
out=$cache/$key

mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9
if [[ -e $out/complete ]]; then
    echo "$out"
    exit 0
fi

work=$(mktemp -d "$cache/build.XXXXXX")
trap 'rm -rf "$work"' EXIT

# -- kernel -----------------------------------------------------------------------------------------------------------
# The meta package names today's kernel; the image package is what it depends on. A kernel already fetched for another
# key serves again, so that a changed test script needs no network.
kernel=$cache/kernel
if [[ ! -e $kernel/complete ]]; then
    package=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null |
        awk '$1 == "Depends:" && $2 ~ /^linux-image-.*-cloud-amd64$/ { print $2; exit }')
    if [[ -z $package ]]; then
        die "apt knows no linux-image-cloud-amd64; run 'apt-get update' as root (a Debian system is needed)"
    fi
    echo "guest image: fetching $package" >&2
    (cd "$work" && apt-get -qq -o APT::Sandbox::User=root download "$package" >&2) ||
        die "cannot download $package; run 'apt-get update' as root, or check the network"
    dpkg -x "$work"/linux-image-*.deb "$work/package"
    mkdir -p "$work/kernel"
    "$java" "$here/ExtractKernel.java" "$work"/package/boot/vmlinuz-* "$work/kernel/vmlinux"
    mv "$work/package/lib" "$work/kernel/lib"
    depmod -b "$work/kernel" "$(ls "$work/kernel/lib/modules")"
    touch "$work/kernel/complete"
    rm -rf "$kernel" "$work"/*.deb
    mv "$work/kernel" "$kernel"
fi

# -- initramfs --------------------------------------------------------------------------------------------------------
root=$work/root
mkdir -p "$root"/{bin,dev,proc,sys,tmp,mnt,root,etc,run,lib,lib64,usr/lib,var/run,modules}
ln -s bin "$root/sbin"
ln -s ../bin "$root/usr/bin"
ln -s ../bin "$root/usr/sbin"

# Copies a program and the shared libraries it needs.
copy_program() {
    local program=$1 library
    cp -L "$program" "$root/bin/"
    { ldd "$program" 2>/dev/null || true; } | { grep -oE '/[^ ]+' || true; } | while read -r library; do
        if [[ ! -e $root$library ]]; then
            mkdir -p "$root$(dirname "$library")"
            cp -L "$library" "$root$library"
        fi
    done
}
for program in "${binaries[@]}"; do
    copy_program "$program"
done
while read -r applet; do
    [[ -e $root/bin/$applet ]] || ln -s busybox "$root/bin/$applet"
done < <(busybox --list)
if [[ -e /etc/mke2fs.conf ]]; then
    cp /etc/mke2fs.conf "$root/etc/"
fi

# Modules, decompressed, in the order in which they have to be inserted.
release=$(ls "$kernel/lib/modules")
: >"$root/modules/order"
for module in virtio_pci virtio_blk virtio_scsi sd_mod ext4; do
    # A module built into the kernel is listed as "builtin" and needs nothing.
    modprobe -d "$kernel" -S "$release" --show-depends --ignore-install "$module" 2>/dev/null |
        awk '$1 == "insmod" { print $2 }' | while read -r file; do
        name=$(basename "${file%.xz}")
        [[ -e $root/modules/$name ]] && continue
        case $file in
            *.xz) xz -dc "$file" >"$root/modules/$name" ;;
            *) cp "$file" "$root/modules/$name" ;;
        esac
        echo "$name" >>"$root/modules/order"
    done
done

cp "$here/init" "$root/init"
chmod 755 "$root/init"
cp -r "$here/tests" "$root/tests"

mkdir "$work/out"
(cd "$root" && find . -print0 | cpio --null --create --format=newc --quiet --owner=0:0) >"$work/out/initramfs.cpio"
ln "$kernel/vmlinux" "$work/out/vmlinux" 2>/dev/null || cp "$kernel/vmlinux" "$work/out/vmlinux"
touch "$work/out/complete"
rm -rf "$out"
mv "$work/out" "$out"
# Images of older scripts, unless they are recent enough for another run to be using them.
find "$cache" -mindepth 1 -maxdepth 1 -type d -regex '.*/[0-9a-f]+' ! -path "$out" -mmin +1440 -exec rm -rf {} +
echo "$out"
