package io.basalt.linux;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.linux.file.FileDescriptor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/// The descriptors this process holds, as `/proc/self/fd` shows them, so that a test can prove that it leaks
/// none.
public final class OpenDescriptors {
    private static final Path DIRECTORY = Path.of("/proc/self/fd");

    /// What the JVM opens and closes on its own at any time: classes, its view of the machine, its sources of
    /// randomness, and the pipes to processes, which it closes a moment after they have ended.
    private static final Pattern OF_THE_JVM =
            Pattern.compile(".*\\.(jar|class|jfr)|.*/lib/modules|/(proc|sys)/.*|/dev/u?random|pipe:.*");

    private final List<String> before = list();
    private final int ownersBefore = FileDescriptor.openCount();

    /// Fails unless the process holds the same open files as when this object was made, and as many owners.
    public void assertUnchanged() {
        assertThat(list()).containsExactlyInAnyOrderElementsOf(before);
        assertThat(FileDescriptor.openCount()).isEqualTo(ownersBefore);
    }

    /// How many descriptors are open now.
    public static int count() {
        return list().size();
    }

    private static List<String> list() {
        final List<String> open = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(DIRECTORY)) {
            for (final Path entry : entries) {
                target(entry, open);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return open;
    }

    private static void target(Path entry, List<String> open) throws IOException {
        try {
            final String target = Files.readSymbolicLink(entry).toString();
            if (!OF_THE_JVM.matcher(target).matches()) {
                open.add(entry.getFileName() + " -> " + target);
            }
        } catch (NoSuchFileException e) {
            // The descriptor by which the directory itself was read is gone when its name is looked up.
            assertThat(e.getFile()).startsWith(DIRECTORY.toString());
        }
    }
}
