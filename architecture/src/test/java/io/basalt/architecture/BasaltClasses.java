package io.basalt.architecture;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;

/// The byte code that the structure tests look at: every production class of Basalt on the class path.
final class BasaltClasses {
    private BasaltClasses() {}

    static JavaClasses production() {
        return new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .withImportOption(location -> !location.contains("basalt-architecture"))
                .importPackages("io.basalt");
    }
}
