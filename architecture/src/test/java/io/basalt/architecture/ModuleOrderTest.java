package io.basalt.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/// The module table of ARCHITECTURE.md, section 2, as a test: a module depends only on those above it.
class ModuleOrderTest {
    /// From the top of the table down.
    private static final List<String> ORDER = List.of(
            "testkit",
            "linux",
            "reactor",
            "block",
            "placement",
            "wire",
            "net",
            "scsi",
            "virtio",
            "nbd",
            "store",
            "chunk",
            "meta",
            "quorum",
            "gate",
            "cli",
            "simulation");

    private static final JavaClasses CLASSES = BasaltClasses.production();

    @Test
    void eachModuleDependsOnlyOnThoseAboveIt() {
        for (int i = 0; i < ORDER.size(); i++) {
            final String[] below = packages(ORDER.subList(i + 1, ORDER.size()));
            if (i > 0 && below.length > 0) {
                noClasses()
                        .that()
                        .resideInAPackage(pattern(ORDER.get(i)))
                        .should()
                        .dependOnClassesThat()
                        .resideInAnyPackage(below)
                        .allowEmptyShould(false)
                        .check(CLASSES);
            }
        }
    }

    @Test
    void frontEndsAndDevicesMeetOnlyInTheGate() {
        noClasses()
                .that()
                .resideInAPackage(pattern("store"))
                .should()
                .dependOnClassesThat()
                .resideInAPackage(pattern("virtio"))
                .check(CLASSES);
    }

    @Test
    void productionCodeUsesNoTestKit() {
        noClasses()
                .that()
                .resideInAnyPackage(packages(ORDER.subList(1, ORDER.size())))
                .should()
                .dependOnClassesThat()
                .resideInAPackage(pattern("testkit"))
                .check(CLASSES);
    }

    @Test
    void everyClassLivesInAModuleOfTheTable() {
        final Set<String> modules = CLASSES.stream()
                .map(javaClass -> javaClass.getPackageName().split("\\.", -1)[2])
                .collect(Collectors.toSet());
        // The test kit is not on a production class path, so it is not seen here.
        assertThat(modules).containsExactlyInAnyOrderElementsOf(ORDER.subList(1, ORDER.size()));
    }

    private static String pattern(String module) {
        return "io.basalt." + module + "..";
    }

    private static String[] packages(List<String> modules) {
        return modules.stream().map(ModuleOrderTest::pattern).toArray(String[]::new);
    }
}
