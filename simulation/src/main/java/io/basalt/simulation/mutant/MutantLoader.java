package io.basalt.simulation.mutant;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;

/// Loads all classes of the project anew, with the mistakes of all mutants in them, each behind a question
/// ([Chosen]). Everything else comes from the loader of the simulation itself.
///
/// One loader for all mutants: what the virtual machine has compiled for one of them serves the next, and a run with
/// a mistake takes as long as one without.
final class MutantLoader extends ClassLoader {
    private static final String PROJECT = "io.basalt.";

    /// Beyond every constant that the code itself has, so that no cut takes another one's number for what it looks for.
    private static final int FIRST_NUMBER = 1000;

    private final ClassLoader original;
    private final List<Mutant> mutants;
    private final Surgery surgery;

    MutantLoader(List<Mutant> mutants) {
        super(MutantLoader.class.getClassLoader());
        original = MutantLoader.class.getClassLoader();
        this.mutants = mutants;
        surgery = new Surgery(original);
    }

    /// The number by which the changed code knows a mistake.
    int number(Mutant mutant) {
        return FIRST_NUMBER + mutants.indexOf(mutant);
    }

    /// Make every change now.
    ///
    /// @throws IllegalStateException if there is nothing to change
    void check() throws ClassNotFoundException {
        for (final Mutant mutant : mutants) {
            for (final Mutant.Cut cut : mutant.cuts()) {
                loadClass(cut.className());
            }
        }
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        if (!name.startsWith(PROJECT)) {
            return super.loadClass(name, resolve);
        }
        synchronized (getClassLoadingLock(name)) {
            final Class<?> loaded = findLoadedClass(name);
            return loaded == null ? findClass(name) : loaded;
        }
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
        final byte[] bytes = changed(name, read(name));
        return defineClass(name, bytes, 0, bytes.length);
    }

    private byte[] read(String name) throws ClassNotFoundException {
        try (InputStream in = original.getResourceAsStream(name.replace('.', '/') + ".class")) {
            if (in == null) {
                throw new ClassNotFoundException(name);
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new ClassNotFoundException(name, e);
        }
    }

    private byte[] changed(String name, byte[] original) {
        byte[] bytes = original;
        for (final Mutant mutant : mutants) {
            for (final Mutant.Cut cut : mutant.cuts()) {
                if (cut.className().equals(name)) {
                    bytes = surgery.cut(bytes, cut, number(mutant));
                }
            }
        }
        return bytes;
    }
}
