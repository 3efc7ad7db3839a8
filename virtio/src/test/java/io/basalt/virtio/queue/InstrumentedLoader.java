package io.basalt.virtio.queue;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.MethodModel;
import java.lang.classfile.MethodTransform;
import java.lang.classfile.instruction.ReturnInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;

/// A class loader with its own copy of the virtio classes, in which every load and store of [RingMemory] is
/// reported to [SharedAccess]. So a test can act between any two accesses of the code that ships, and that code
/// carries no hook.
final class InstrumentedLoader extends ClassLoader {
    private static final String OWN = "io.basalt.virtio.";
    private static final String RING_MEMORY = OWN + "queue.RingMemory";
    private static final ClassDesc SHARED_ACCESS = ClassDesc.of(OWN + "queue.SharedAccess");
    private static final MethodTypeDesc REPORT = MethodTypeDesc.ofDescriptor("(Ljava/lang/foreign/MemorySegment;JI)V");

    private InstrumentedLoader() {
        super(InstrumentedLoader.class.getClassLoader());
    }

    /// Run a scenario's instrumented copy.
    static void run(Class<? extends Runnable> scenario) throws ReflectiveOperationException {
        final Class<?> copy = new InstrumentedLoader().loadClass(scenario.getName());
        final var constructor = copy.getDeclaredConstructor();
        constructor.setAccessible(true);
        ((Runnable) constructor.newInstance()).run();
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        if (!name.startsWith(OWN)) {
            return super.loadClass(name, resolve);
        }
        synchronized (getClassLoadingLock(name)) {
            final Class<?> loaded = findLoadedClass(name);
            return loaded == null ? define(name) : loaded;
        }
    }

    private Class<?> define(String name) throws ClassNotFoundException {
        byte[] bytes = bytesOf(name);
        if (name.equals(RING_MEMORY)) {
            bytes = instrument(bytes);
        }
        final Class<?> defined = defineClass(name, bytes, 0, bytes.length);
        setClassAssertionStatus(name, true);
        return defined;
    }

    private byte[] bytesOf(String name) throws ClassNotFoundException {
        try (InputStream in = getParent().getResourceAsStream(name.replace('.', '/') + ".class")) {
            if (in == null) {
                throw new ClassNotFoundException(name);
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] instrument(byte[] bytes) {
        final ClassFile format = ClassFile.of();
        return format.transformClass(format.parse(bytes), (builder, element) -> {
            if (element instanceof MethodModel method && isAccess(method)) {
                builder.transformMethod(
                        method,
                        MethodTransform.transformingCode(
                                reporting(method.methodName().stringValue())));
            } else {
                builder.with(element);
            }
        });
    }

    private static boolean isAccess(MethodModel method) {
        final String name = method.methodName().stringValue();
        return name.startsWith("load") || name.startsWith("store");
    }

    /// Report before each return: the access has happened, and its result lies on the stack untouched.
    private static CodeTransform reporting(String name) {
        final int bits = Integer.parseInt(name.replaceAll("\\D", ""));
        return (builder, element) -> {
            if (element instanceof ReturnInstruction) {
                builder.aload(0)
                        .lload(1)
                        .loadConstant(bits)
                        .invokestatic(SHARED_ACCESS, name.startsWith("load") ? "loaded" : "stored", REPORT);
            }
            builder.with(element);
        };
    }
}
