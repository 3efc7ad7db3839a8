package io.basalt.cli.image;

import io.basalt.cli.CommandException;
import io.basalt.cli.ExitCode;
import io.basalt.cli.output.Progress;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The program qemu-img, which knows the formats that are more than a disk's bytes.
final class QemuImg {
    /// What it prints of its progress: `    (12.50/100%)`.
    private static final Pattern PERCENT = Pattern.compile("\\((\\d+\\.\\d+)/100%\\)");

    /// Kinds of VMDK that are one file and name no other.
    private static final List<String> SELF_CONTAINED = List.of("monolithicSparse", "streamOptimized");

    private static final JsonMapper MAPPER = new JsonMapper();
    private static final double HUNDRED = 100;

    private final String program;

    /// @param program its path, or its name if it is to be looked for
    QemuImg(String program) {
        this.program = program;
    }

    /// Size of the disk in an image, in bytes.
    ///
    /// @throws CommandException if it is no such image, or takes some of its data from another file: the
    ///     image may come from anybody, and the other file could be any of this host
    long diskBytes(Path image, ImageFormat format) {
        final String text = run(List.of("info", "--output=json", "-f", format.toString(), file(image)), line -> {});
        final JsonNode info = MAPPER.readTree(text);
        final JsonNode details = info.path("format-specific").path("data");
        final String other = info.path("backing-filename")
                .stringValue(details.path("data-file").stringValue(""));
        if (!other.isEmpty()) {
            throw refused(image, "takes data from another file: " + other);
        }
        final String kind = details.path("create-type").stringValue("");
        if (format == ImageFormat.VMDK && !SELF_CONTAINED.contains(kind)) {
            throw refused(image, "is of the kind " + kind + ", whose data is in other files");
        }
        return info.path("virtual-size").longValue();
    }

    private static CommandException refused(Path image, String why) {
        return new CommandException(
                ExitCode.FAILED,
                image + " " + why,
                "if you trust it, make one file of it: qemu-img convert -O qcow2 " + image + " whole.qcow2");
    }

    /// Copy an image to a place that is there and large enough.
    ///
    /// @param blank whether the place reads as zeroes
    /// @param bytes size of the disk, for the progress
    void load(Path image, ImageFormat format, String uri, boolean blank, long bytes, Progress progress) {
        final List<String> words = new ArrayList<>(List.of("convert", "-p", "-n", "-W"));
        if (blank) {
            words.add("--target-is-zero");
        }
        words.addAll(List.of("-f", format.toString(), "-O", "raw", file(image), uri));
        progress.begin("importing", bytes);
        run(words, line -> report(line, bytes, progress));
    }

    /// Copy a disk to a new image.
    void save(String uri, Path image, ImageFormat format, boolean compressed, long bytes, Progress progress) {
        final List<String> words = new ArrayList<>(List.of("convert", "-p", "-f", "raw", "-O", format.toString()));
        if (compressed) {
            words.add("-c");
        }
        words.addAll(List.of(uri, file(image)));
        progress.begin("exporting", bytes);
        run(words, line -> report(line, bytes, progress));
    }

    /// Compare an image with the place that it was copied to, which may be longer if the rest is zeroes.
    ///
    /// @throws CommandException if they differ
    void compare(Path image, ImageFormat format, String uri, long bytes, Progress progress) {
        progress.begin("verifying", bytes);
        run(
                List.of("compare", "-p", "-f", format.toString(), "-F", "raw", file(image), uri),
                line -> report(line, bytes, progress));
    }

    private static void report(String line, long bytes, Progress progress) {
        final Matcher percent = PERCENT.matcher(line);
        if (percent.find()) {
            progress.at((long) (bytes / HUNDRED * Double.parseDouble(percent.group(1))));
        }
    }

    /// A path as qemu-img takes it for a path whatever is in it: a colon would otherwise name a protocol.
    private static String file(Path image) {
        return "file:" + image.toAbsolutePath();
    }

    private interface LineListener {
        void line(String text);
    }

    /// Run it to its end.
    ///
    /// @param listener told each line as it is printed, those ended by a carriage return too
    /// @return what it printed
    private String run(List<String> words, LineListener listener) {
        final List<String> command = new ArrayList<>(List.of(program));
        command.addAll(words);
        try {
            final Process process = start(command);
            final StringBuilder printed = new StringBuilder();
            final boolean well;
            try (BufferedReader reader =
                    new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
                for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                    listener.line(line);
                    if (!PERCENT.matcher(line).find()) {
                        printed.append(line).append('\n');
                    }
                }
                well = process.waitFor() == 0;
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                throw new CommandException(ExitCode.FAILED, "interrupted while qemu-img was at work", "");
            } finally {
                process.destroy();
            }
            if (!well) {
                throw new CommandException(
                        ExitCode.FAILED,
                        "qemu-img " + words.getFirst() + " failed: "
                                + printed.toString().strip(),
                        "");
            }
            return printed.toString();
        } catch (IOException lost) {
            throw new UncheckedIOException(lost);
        }
    }

    private static Process start(List<String> command) {
        try {
            return new ProcessBuilder(command).redirectErrorStream(true).start();
        } catch (IOException missing) {
            throw new CommandException(
                    ExitCode.FAILED,
                    "only raw images can be copied without qemu-img, which is not here: " + missing.getMessage(),
                    "apt-get install qemu-utils");
        }
    }
}
