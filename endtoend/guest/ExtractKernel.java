import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;

/// The unpacker of an x86 bzImage: writes the ELF kernel inside it, which QEMU starts directly (PVH). A guest without
/// hardware virtualisation would spend seconds in its own decompressor.
///
/// Usage: `java ExtractKernel.java BZIMAGE ELF`. Offsets are those of the Linux x86 boot protocol: the number of
/// set-up sectors at 0x1f1, the payload's offset and length at 0x248 and 0x24c.
public final class ExtractKernel {
    private static final int SECTOR_BYTES = 512;

    public static void main(String[] args) throws IOException, InterruptedException {
        if (args.length != 2) {
            throw new IllegalArgumentException("usage: java ExtractKernel.java BZIMAGE ELF");
        }
        final byte[] image = Files.readAllBytes(Path.of(args[0]));
        final byte[] elf = unpack(payload(image));
        if (elf.length < 4 || elf[0] != 0x7f || elf[1] != 'E' || elf[2] != 'L' || elf[3] != 'F') {
            throw new IOException(args[0] + ": what the kernel image holds is not an ELF file");
        }
        Files.write(Path.of(args[1]), elf);
    }

    private static byte[] payload(byte[] image) throws IOException {
        if (image.length < 0x250) {
            throw new IOException("too short for a kernel image: " + image.length + " bytes");
        }
        final ByteBuffer header = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
        final int setupSectors = image[0x1f1] == 0 ? 4 : image[0x1f1] & 0xff;
        final long start = (setupSectors + 1L) * SECTOR_BYTES + Integer.toUnsignedLong(header.getInt(0x248));
        final long end = start + Integer.toUnsignedLong(header.getInt(0x24c));
        if (end > image.length) {
            throw new IOException("the payload ends at byte " + end + ", the image at " + image.length);
        }
        return Arrays.copyOfRange(image, (int) start, (int) end);
    }

    private static byte[] unpack(byte[] payload) throws IOException, InterruptedException {
        return switch (ByteBuffer.wrap(payload).getInt()) {
            case 0x7f454c46 -> payload;
            case 0x02214c18 -> unpackLz4(payload);
            case 0xfd377a58 -> unpackWith(payload, "xz", "-dc", "--single-stream");
            case 0x28b52ffd -> unpackWith(payload, "zstd", "-dcq");
            default -> {
                if (payload[0] == 0x1f && payload[1] == (byte) 0x8b) {
                    try (InputStream in = new GZIPInputStream(new ByteArrayInputStream(payload))) {
                        yield in.readAllBytes();
                    }
                }
                throw new IOException(
                        "unknown compression, the payload starts with %08x".formatted(ByteBuffer.wrap(payload).getInt()));
            }
        };
    }

    /// The legacy LZ4 frame that the kernel build uses: a magic number, then blocks, each behind its compressed length.
    /// Every block but the last holds 8 MiB. The kernel appends the unpacked length, which is too small or too large to
    /// be a block and so ends the walk.
    private static byte[] unpackLz4(byte[] payload) throws IOException {
        final ByteBuffer in = ByteBuffer.wrap(payload).order(ByteOrder.LITTLE_ENDIAN);
        in.position(4);
        final ByteArrayOutputStream out = new ByteArrayOutputStream(payload.length * 3);
        final byte[] block = new byte[8 << 20];
        while (in.remaining() > 4) {
            final int length = in.getInt();
            if (length <= 0 || length > in.remaining()) {
                break;
            }
            out.write(block, 0, unpackLz4Block(payload, in.position(), length, block));
            in.position(in.position() + length);
        }
        return out.toByteArray();
    }

    private static int unpackLz4Block(byte[] in, int start, int length, byte[] out) throws IOException {
        final int end = start + length;
        int at = start;
        int to = 0;
        while (at < end) {
            final int token = in[at++] & 0xff;
            int literals = token >>> 4;
            if (literals == 15) {
                int more;
                do {
                    more = in[at++] & 0xff;
                    literals += more;
                } while (more == 255);
            }
            System.arraycopy(in, at, out, to, literals);
            at += literals;
            to += literals;
            if (at >= end) {
                break; // the last sequence has no match
            }
            final int distance = in[at] & 0xff | (in[at + 1] & 0xff) << 8;
            at += 2;
            int match = (token & 15) + 4;
            if (match == 19) {
                int more;
                do {
                    more = in[at++] & 0xff;
                    match += more;
                } while (more == 255);
            }
            if (distance == 0 || distance > to) {
                throw new IOException("LZ4 match at " + to + " reaches back " + distance + " bytes");
            }
            for (int i = 0; i < match; i++, to++) {
                out[to] = out[to - distance]; // byte by byte: source and target may overlap
            }
        }
        return to;
    }

    private static byte[] unpackWith(byte[] payload, String... command) throws IOException, InterruptedException {
        final Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        final Thread feeder = Thread.ofVirtual().start(() -> {
            try (OutputStream sink = process.getOutputStream()) {
                sink.write(payload);
            } catch (IOException ended) {
                // The tool stops reading at the end of its stream; what follows the stream is padding.
            }
        });
        final byte[] unpacked = process.getInputStream().readAllBytes();
        feeder.join();
        process.waitFor();
        return unpacked;
    }
}
