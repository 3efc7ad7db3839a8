package io.basalt.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaAccess.Predicates.target;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClasses;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// The core has no thread, clock, I/O or randomness of its own, so that it runs unchanged under simulation; and
/// native access stays in one module.
class CorePurityTest {
    /// Packages whose classes get everything from outside through interfaces.
    private static final String[] CORE = {
        "io.basalt.reactor",
        "io.basalt.block..",
        "io.basalt.virtio.memory..",
        "io.basalt.virtio.queue..",
        "io.basalt.virtio.blk..",
        "io.basalt.virtio.scsi..",
        "io.basalt.scsi..",
        "io.basalt.virtio.vhostuser..",
        "io.basalt.virtio.driver..",
        "io.basalt.nbd..",
        "io.basalt.placement..",
        "io.basalt.wire..",
        "io.basalt.net",
        "io.basalt.net.session..",
        "io.basalt.net.sim..",
        "io.basalt.net.meta..",
        "io.basalt.store.chunk..",
        "io.basalt.store.sim..",
        "io.basalt.chunk",
        "io.basalt.chunk.schedule..",
        "io.basalt.meta.state..",
        "io.basalt.meta.service..",
        "io.basalt.gate.cluster..",
        "io.basalt.gate.qos..",
    };

    private static final String[] OUTSIDE_WORLD = {
        "io.basalt.linux..",
        "java.io..",
        "java.net..",
        "java.nio.file..",
        "java.nio.channels..",
        "java.util.concurrent..",
    };

    private static final Set<String> CLOCKS_AND_DICE = Set.of(
            "java.lang.System.nanoTime",
            "java.lang.System.currentTimeMillis",
            "java.lang.System.getenv",
            "java.lang.System.getProperty",
            "java.lang.Math.random",
            "java.time.Instant.now",
            "java.time.Clock.systemUTC",
            "java.util.UUID.randomUUID",
            "java.lang.System.identityHashCode");

    private static final JavaClasses CLASSES = BasaltClasses.production();

    @Test
    void coreTouchesNoThreadFileSocketOrNativeCode() {
        noClasses()
                .that()
                .resideInAnyPackage(CORE)
                .should()
                .dependOnClassesThat(describe(
                        "belong to the outside world",
                        type -> matchesAny(type.getPackageName(), OUTSIDE_WORLD) && !allowed(type.getName())))
                .check(CLASSES);
        noClasses()
                .that()
                .resideInAnyPackage(CORE)
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.lang.Thread")
                .orShould()
                .dependOnClassesThat()
                .haveNameMatching("java\\.util\\.(Random|SplittableRandom|Timer|random\\..*)")
                .check(CLASSES);
    }

    @Test
    void coreReadsNoClockAndRollsNoDice() {
        noClasses()
                .that()
                .resideInAnyPackage(CORE)
                .should()
                .accessTargetWhere(calls("clock, environment or randomness", CLOCKS_AND_DICE))
                .check(CLASSES);
    }

    @Test
    void onlyTheLinuxModuleCallsNativeCodeOrForgesAddresses() {
        noClasses()
                .that()
                .resideOutsideOfPackage("io.basalt.linux..")
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.lang.foreign.Linker")
                .orShould()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.lang.foreign.SymbolLookup")
                .orShould()
                .dependOnClassesThat()
                .haveFullyQualifiedName("io.basalt.linux.Syscall")
                .orShould()
                .accessTargetWhere(calls("reinterpret", Set.of("java.lang.foreign.MemorySegment.reinterpret")))
                .check(CLASSES);
    }

    @Test
    void nothingUsesUnsafe() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("sun.misc..", "jdk.internal..")
                .check(CLASSES);
    }

    /// Types that live in a banned package and are neither thread, lock nor I/O.
    private static boolean allowed(String type) {
        return type.equals("io.basalt.linux.memory.HostMemory")
                || type.equals("java.io.UncheckedIOException")
                || type.equals("java.io.Serializable")
                || type.equals("java.util.concurrent.ConcurrentLinkedQueue")
                || type.startsWith("java.util.concurrent.atomic.");
    }

    private static boolean matchesAny(String packageName, String... patterns) {
        for (final String pattern : patterns) {
            final String root = pattern.substring(0, pattern.length() - 2);
            if (packageName.equals(root) || packageName.startsWith(root + ".")) {
                return true;
            }
        }
        return false;
    }

    private static DescribedPredicate<JavaAccess<?>> calls(String what, Set<String> names) {
        final DescribedPredicate<AccessTarget> named = describe(
                "is " + what, access -> names.contains(access.getOwner().getName() + "." + access.getName()));
        return target(named);
    }
}
