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

/// A class loader with its own copy of the virtio classes, in which every load and store of [RingMemory] and
/// [io.basalt.linux.memory.HostMemory] is reported to [SharedAccess] by its address. So a test can act between
/// any two accesses of the code that ships, and that code
/// carries no hook.
final class InstrumentedLoader extends ClassLoader {
    private static final String OWN = "io.basalt.virtio.";
    private static final String RING_MEMORY = OWN + "queue.RingMemory";
    private static final String HOST_MEMORY = "io.basalt.linux.memory.HostMemory";
    private static final ClassDesc SHARED_ACCESS = ClassDesc.of(OWN + "queue.SharedAccess");
    private static final MethodTypeDesc REPORT = MethodTypeDesc.ofDescriptor("(JI)V");
    private static final ClassDesc SEGMENT = ClassDesc.of("java.lang.foreign.MemorySegment");

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
        if (!name.startsWith(OWN) && !name.equals(HOST_MEMORY)) {
            return super.loadClass(name, resolve);
        }
        synchronized (getClassLoadingLock(name)) {
            final Class<?> loaded = findLoadedClass(name);
            return loaded == null ? define(name) : loaded;
        }
    }

    private Class<?> define(String name) throws ClassNotFoundException {
        byte[] bytes = bytesOf(name);
        if (name.equals(RING_MEMORY) || name.equals(HOST_MEMORY)) {
            bytes = instrument(bytes, name.equals(RING_MEMORY));
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

    private static byte[] instrument(byte[] bytes, boolean bySegment) {
        final ClassFile format = ClassFile.of();
        return format.transformClass(format.parse(bytes), (builder, element) -> {
            if (element instanceof MethodModel method && isAccess(method)) {
                builder.transformMethod(
                        method,
                        MethodTransform.transformingCode(
                                reporting(method.methodName().stringValue(), bySegment)));
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
    private static CodeTransform reporting(String name, boolean bySegment) {
        final int bits = Integer.parseInt(name.replaceAll("\\D", ""));
        return (builder, element) -> {
            if (element instanceof ReturnInstruction) {
                if (bySegment) {
                    builder.aload(0)
                            .invokeinterface(SEGMENT, "address", MethodTypeDesc.ofDescriptor("()J"))
                            .lload(1)
                            .ladd();
                } else {
                    builder.lload(0).lload(2).ladd();
                }
                builder.loadConstant(bits)
                        .invokestatic(SHARED_ACCESS, name.startsWith("load") ? "loaded" : "stored", REPORT);
            }
            builder.with(element);
        };
    }
}
