package io.basalt.linux;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.linux.event.EventSpec;
import io.basalt.linux.file.FileSpec;
import io.basalt.linux.memory.MemorySpec;
import io.basalt.linux.process.ProcessSpec;
import io.basalt.linux.socket.SocketSpec;
import io.basalt.linux.uring.UringSpec;
import java.io.IOException;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.PaddingLayout;
import java.lang.foreign.StructLayout;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Compares every layout and every constant of the `...Spec` classes with what the C compiler makes of the
/// headers.
///
/// Reflection finds them, so a new one is compared without being listed here: constants bear their C name,
/// struct layouts are named as the C struct and their members as its members.
class LayoutsMatchTheCHeadersTest {
    private static final List<Class<?>> SPECS = List.of(
            Errno.class,
            UringSpec.class,
            FileSpec.class,
            MemorySpec.class,
            SocketSpec.class,
            EventSpec.class,
            ProcessSpec.class);

    /// In newer kernels' headers only; everything else must be in the installed ones.
    private static final Set<String> NEWER_THAN_LINUX_6_1 =
            Set.of("IORING_OP_READV_FIXED", "IORING_OP_WRITEV_FIXED", "BLOCK_URING_CMD_DISCARD");

    /// Part of the syscall class but no number of a system call.
    private static final Set<String> NO_SYSCALL = Set.of("PAGE_BYTES");

    private static final String INCLUDES = """
            #define _GNU_SOURCE
            #define _FILE_OFFSET_BITS 64
            #include <errno.h>
            #include <fcntl.h>
            #include <poll.h>
            #include <stddef.h>
            #include <stdio.h>
            #include <string.h>
            #include <time.h>
            #include <unistd.h>
            #include <sys/eventfd.h>
            #include <sys/mman.h>
            #include <sys/prctl.h>
            #include <sys/resource.h>
            #include <sys/socket.h>
            #include <sys/stat.h>
            #include <sys/syscall.h>
            #include <sys/un.h>
            #include <sys/vfs.h>
            #include <netinet/in.h>
            #include <netinet/tcp.h>
            #include <linux/fs.h>
            #include <linux/io_uring.h>
            #include <linux/magic.h>
            #include <linux/memfd.h>
            """;

    private static final Pattern WORD = Pattern.compile("\\b[A-Za-z_][A-Za-z0-9_]*\\b");

    @TempDir
    private Path directory = Path.of("");

    @Test
    void everyConstantAndOffsetIsTheCompilers() throws Exception {
        final Map<String, Long> ours = new LinkedHashMap<>();
        constants(ours);
        syscalls(ours);
        for (final Class<?> spec : SPECS) {
            layouts(spec, ours);
        }
        final Set<String> absent = absentFromHeaders(ours.keySet());
        System.out.println("not in the installed headers, not compared: " + absent);
        assertThat(NEWER_THAN_LINUX_6_1).containsAll(absent);
        ours.keySet().removeAll(absent);
        assertThat(ours).hasSizeGreaterThan(200);
        assertThat(ours).containsExactlyInAnyOrderEntriesOf(compiled(ours.keySet()));
    }

    @Test
    void everyErrorNumberHasTheNameThatTheCLibraryGivesIt() throws Exception {
        final StringBuilder body = new StringBuilder();
        for (int errno = 1; errno < 134; errno++) {
            body.append("  printf(\"%s\\n\", strerrorname_np(")
                    .append(errno)
                    .append(") ? strerrorname_np(")
                    .append(errno)
                    .append(") : \"E")
                    .append(errno)
                    .append("\");\n");
        }
        final List<String> names = run(program(body));
        assertThat(names).hasSize(133);
        for (int errno = 1; errno < 134; errno++) {
            assertThat(Errno.name(-errno)).isEqualTo(names.get(errno - 1));
        }
    }

    private static void constants(Map<String, Long> into) throws IllegalAccessException {
        for (final Class<?> spec : SPECS) {
            for (final Field field : spec.getDeclaredFields()) {
                if (isConstant(field)) {
                    into.put(field.getName(), ((Number) field.get(null)).longValue());
                }
            }
        }
    }

    private static void syscalls(Map<String, Long> into) throws IllegalAccessException {
        for (final Field field : Syscall.class.getDeclaredFields()) {
            if (isConstant(field) && !NO_SYSCALL.contains(field.getName())) {
                into.put("__NR_" + field.getName().toLowerCase(Locale.ROOT), ((Number) field.get(null)).longValue());
            }
        }
    }

    private static boolean isConstant(Field field) {
        return Modifier.isPublic(field.getModifiers())
                && (field.getType() == int.class || field.getType() == long.class);
    }

    private static void layouts(Class<?> spec, Map<String, Long> into) throws IllegalAccessException {
        for (final Field field : spec.getDeclaredFields()) {
            if (field.getType() == StructLayout.class) {
                field.setAccessible(true);
                final StructLayout layout = (StructLayout) field.get(null);
                if (layout.name().isPresent()) {
                    final String struct = "struct " + layout.name().get();
                    into.put("sizeof(" + struct + ")", layout.byteSize());
                    members(struct, "", 0, layout, into);
                }
            }
        }
    }

    private static void members(String struct, String path, long base, GroupLayout layout, Map<String, Long> into) {
        long offset = base;
        for (final MemoryLayout member : layout.memberLayouts()) {
            if (!(member instanceof PaddingLayout)) {
                final String name = path + member.name().orElseThrow();
                into.put("offsetof(" + struct + ", " + name + ")", offset);
                into.put("sizeof(((" + struct + " *)0)->" + name + ")", member.byteSize());
                if (member instanceof GroupLayout group) {
                    members(struct, name + ".", offset, group, into);
                }
            }
            offset += member.byteSize();
        }
    }

    /// The plain names among the expressions that occur nowhere in the preprocessed headers, nor as a macro.
    private Set<String> absentFromHeaders(Set<String> expressions) throws Exception {
        final Path source = Files.writeString(directory.resolve("headers.c"), INCLUDES);
        final Path output = directory.resolve("headers.i");
        gcc("-E", "-dD", "-o", output.toString(), source.toString());
        final Set<String> words = new TreeSet<>();
        final Matcher matcher = WORD.matcher(Files.readString(output));
        while (matcher.find()) {
            words.add(matcher.group());
        }
        final Set<String> absent = new TreeSet<>();
        for (final String expression : expressions) {
            if (WORD.matcher(expression).matches() && !words.contains(expression)) {
                absent.add(expression);
            }
        }
        return absent;
    }

    /// A constant of 32 bits is compared as such, whether C holds it signed or unsigned.
    private Map<String, Long> compiled(Set<String> expressions) throws Exception {
        final StringBuilder body = new StringBuilder();
        for (final String expression : expressions) {
            body.append("  printf(\"%lld\\n\", sizeof(").append(expression);
            body.append(") == 4 ? (long long)(int)(").append(expression);
            body.append(") : (long long)(").append(expression).append("));\n");
        }
        final List<String> lines = run(program(body));
        assertThat(lines).hasSameSizeAs(expressions);
        final Map<String, Long> values = new LinkedHashMap<>();
        int line = 0;
        for (final String expression : expressions) {
            values.put(expression, narrowed(Long.parseLong(lines.get(line++))));
        }
        return values;
    }

    /// An unsigned 32-bit value that C holds in 64 bits, such as an ioctl number, as Java's `int` shows it.
    private static long narrowed(long value) {
        return value > Integer.MAX_VALUE && value <= 0xffff_ffffL ? (int) value : value;
    }

    private Path program(StringBuilder body) throws Exception {
        final Path source = directory.resolve("layouts.c");
        Files.writeString(source, INCLUDES + "int main(void) {\n" + body + "  return 0;\n}\n");
        final Path binary = directory.resolve("layouts");
        gcc("-w", "-O0", "-o", binary.toString(), source.toString());
        return binary;
    }

    private List<String> run(Path binary) throws Exception {
        return execute(List.of(binary.toString())).lines().toList();
    }

    private void gcc(String... arguments) throws Exception {
        final List<String> command = new ArrayList<>(List.of("gcc"));
        command.addAll(List.of(arguments));
        try {
            execute(command);
        } catch (IOException e) {
            throw new AssertionError(
                    "this test needs a C compiler (gcc) and the kernel's headers: " + e.getMessage(), e);
        }
    }

    private String execute(List<String> command) throws Exception {
        final Process process = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .start();
        final String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(command + ": " + output).isZero();
        return output;
    }
}
