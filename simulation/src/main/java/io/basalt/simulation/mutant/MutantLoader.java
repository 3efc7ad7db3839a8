package io.basalt.simulation.mutant;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;

/// Loads all classes of the project anew, one mutant's with its mistake in them. Everything else comes from the
/// loader of the simulation itself.
final class MutantLoader extends ClassLoader {
    private static final String PROJECT = "io.basalt.";

    private final ClassLoader original;
    private final Mutant mutant;
    private final Surgery surgery;

    MutantLoader(Mutant mutant) {
        super(MutantLoader.class.getClassLoader());
        original = MutantLoader.class.getClassLoader();
        this.mutant = mutant;
        surgery = new Surgery(original);
    }

    /// Make every change now.
    ///
    /// @throws IllegalStateException if there is nothing to change
    void check() throws ClassNotFoundException {
        for (final Mutant.Cut cut : mutant.cuts()) {
            loadClass(cut.className());
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

    private byte[] changed(String name, byte[] bytes) {
        final List<Mutant.Cut> cuts = new ArrayList<>();
        for (final Mutant.Cut cut : mutant.cuts()) {
            if (cut.className().equals(name)) {
                cuts.add(cut);
            }
        }
        return cuts.isEmpty() ? bytes : surgery.cut(bytes, cuts);
    }
}
