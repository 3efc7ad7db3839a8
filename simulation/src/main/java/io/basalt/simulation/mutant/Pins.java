package io.basalt.simulation.mutant;

import io.basalt.simulation.ScenarioKind;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// For each mutant a seed that notices it, found by [MutantReport] and kept in the file `pins.txt` beside this class:
/// a line each with name, kind and seed, separated by tabs.
final class Pins {
    private static final String FILE = "pins.txt";

    private Pins() {}

    /// One line.
    record Pin(Mutant mutant, ScenarioKind kind, long seed) {}

    /// All of them.
    ///
    /// @throws IllegalStateException if one is of a mutant that is not there
    static List<Pin> all() {
        final Map<String, Mutant> mutants = new HashMap<>();
        Mutants.all().forEach(mutant -> mutants.put(mutant.name(), mutant));
        final List<Pin> pins = new ArrayList<>();
        for (final String line : read().lines().toList()) {
            final String[] fields = line.split("\t", -1);
            final Mutant mutant = mutants.get(fields[0]);
            if (mutant == null) {
                throw new IllegalStateException("there is no mutant '" + fields[0] + "'; search for the seeds anew");
            }
            pins.add(new Pin(
                    mutant,
                    ScenarioKind.valueOf(fields[1].toUpperCase(Locale.ROOT).replace('-', '_')),
                    Long.parseLong(fields[2])));
        }
        return pins;
    }

    private static String read() {
        try (InputStream in = Pins.class.getResourceAsStream(FILE)) {
            if (in == null) {
                throw new IllegalStateException(FILE + " is missing");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
