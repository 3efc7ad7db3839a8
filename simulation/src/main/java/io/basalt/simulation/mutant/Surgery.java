package io.basalt.simulation.mutant;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFile.ClassHierarchyResolverOption;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeModel;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.MethodModel;
import java.lang.classfile.MethodTransform;
import java.lang.classfile.Opcode;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.ConstantInstruction;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Changes class files as [Mutant]s say, and fails if it does not find what is to be changed: a mistake that is not
/// made any more would else count as one that nobody notices.
///
/// What was there stays: the changed code asks [Chosen] whether this mistake is the one to be made.
///
/// ```
///         Chosen.isChosen(number) ── no ──▶ the instruction as it was ──┐
///                 │ yes                                                 ▼
///                 └──────────────▶ the mistake ─────────────────▶ what follows
/// ```
final class Surgery {
    private static final ClassDesc CHOSEN = ClassDesc.of(Chosen.class.getName());
    private static final MethodTypeDesc QUESTION = MethodTypeDesc.of(ConstantDescs.CD_boolean, ConstantDescs.CD_int);

    private final ClassLoader types;

    /// How often something was changed by the cut under way, and of which mistake it is.
    private int changes;

    private int number;

    /// @param types where classes that the code speaks of are looked up
    Surgery(ClassLoader types) {
        this.types = types;
    }

    /// A class with one more change.
    ///
    /// @param of number of the mistake
    byte[] cut(byte[] original, Mutant.Cut cut, int of) {
        changes = 0;
        number = of;
        final ClassFile files = ClassFile.of(ClassHierarchyResolverOption.of(
                ClassHierarchyResolver.ofResourceParsing(types).cached()));
        final ClassModel model = files.parse(original);
        final byte[] changed = files.transformClass(model, transform(cut));
        if (changes == 0) {
            throw new IllegalStateException("there is no " + cut + " any more; name what has taken its place");
        }
        return changed;
    }

    private ClassTransform transform(Mutant.Cut cut) {
        final Predicate<MethodModel> isMeant = method -> method.methodName().equalsString(cut.method());
        if (cut.edit() instanceof Edit.Returns edit) {
            return ClassTransform.transformingMethods(isMeant, returning(edit));
        }
        return ClassTransform.transformingMethodBodies(isMeant, inside(cut.edit()));
    }

    /// The method returns at once.
    private MethodTransform returning(Edit.Returns edit) {
        return (builder, element) -> {
            if (element instanceof CodeModel code) {
                changes++;
                final TypeKind kind = TypeKind.from(code.parent()
                        .map(MethodModel::methodTypeSymbol)
                        .orElseThrow()
                        .returnType());
                builder.withCode(body -> {
                    ask(body).ifThen(mistake -> {
                        push(mistake, kind, edit.constant());
                        mistake.return_(kind.asLoadable());
                    });
                    code.forEach(body);
                });
            } else {
                builder.with(element);
            }
        };
    }

    private CodeTransform inside(Edit any) {
        return switch (any) {
            case Edit.Returns it -> throw new AssertionError(it);
            case Edit.Yields it -> (builder, element) -> yields(builder, element, it);
            case Edit.CallsInstead it -> (builder, element) -> callsInstead(builder, element, it);
            case Edit.Passes it -> (builder, element) -> passes(builder, element, it);
            case Edit.Holds it -> (builder, element) -> holds(builder, element, it);
            case Edit.Keeps it -> (builder, element) -> keeps(builder, element, it);
            case Edit.Counts it -> (builder, element) -> counts(builder, element, it);
        };
    }

    private CodeBuilder ask(CodeBuilder builder) {
        return builder.loadConstant(number).invokestatic(CHOSEN, "isChosen", QUESTION);
    }

    /// Either the mistake or what was there.
    private void either(CodeBuilder builder, Consumer<CodeBuilder> mistake, CodeElement original) {
        changes++;
        ask(builder).ifThenElse(mistake::accept, as -> as.with(original));
    }

    private void yields(CodeBuilder builder, CodeElement element, Edit.Yields edit) {
        if (element instanceof InvokeInstruction call && call.name().equalsString(edit.callee())) {
            either(builder, mistake -> leaveOut(mistake, call, edit), element);
        } else {
            builder.with(element);
        }
    }

    private static void leaveOut(CodeBuilder builder, InvokeInstruction call, Edit.Yields edit) {
        final List<ClassDesc> parameters = call.typeSymbol().parameterList();
        for (int index = parameters.size() - 1; index >= 0; index--) {
            pop(builder, TypeKind.from(parameters.get(index)));
        }
        if (call.opcode() != Opcode.INVOKESTATIC) {
            builder.pop();
        }
        push(builder, TypeKind.from(call.typeSymbol().returnType()), edit.constant());
    }

    private void callsInstead(CodeBuilder builder, CodeElement element, Edit.CallsInstead edit) {
        if (element instanceof InvokeInstruction call && call.name().equalsString(edit.callee())) {
            either(
                    builder,
                    mistake -> mistake.invoke(
                            call.opcode(),
                            call.owner().asSymbol(),
                            edit.other(),
                            call.typeSymbol(),
                            call.isInterface()),
                    element);
        } else {
            builder.with(element);
        }
    }

    private void passes(CodeBuilder builder, CodeElement element, Edit.Passes edit) {
        if (element instanceof InvokeInstruction call && call.name().equalsString(edit.callee())) {
            changes++;
            final TypeKind last =
                    TypeKind.from(call.typeSymbol().parameterList().getLast());
            ask(builder).ifThen(mistake -> {
                pop(mistake, last);
                push(mistake, last, edit.constant());
            });
        }
        builder.with(element);
    }

    private void holds(CodeBuilder builder, CodeElement element, Edit.Holds edit) {
        if (element instanceof FieldInstruction access
                && access.name().equalsString(edit.field())
                && access.opcode() == Opcode.GETFIELD) {
            either(
                    builder,
                    mistake -> {
                        mistake.pop();
                        push(mistake, TypeKind.from(access.typeSymbol()), edit.constant());
                    },
                    element);
        } else {
            builder.with(element);
        }
    }

    private void keeps(CodeBuilder builder, CodeElement element, Edit.Keeps edit) {
        if (element instanceof FieldInstruction access
                && access.name().equalsString(edit.field())
                && access.opcode() == Opcode.PUTFIELD) {
            either(
                    builder,
                    mistake -> {
                        pop(mistake, TypeKind.from(access.typeSymbol()));
                        mistake.pop();
                    },
                    element);
        } else {
            builder.with(element);
        }
    }

    private void counts(CodeBuilder builder, CodeElement element, Edit.Counts edit) {
        if (element instanceof ConstantInstruction constant
                && constant.constantValue() instanceof Integer value
                && value == edit.constant()) {
            either(builder, mistake -> mistake.loadConstant(edit.other()), element);
        } else {
            builder.with(element);
        }
    }

    private static void pop(CodeBuilder builder, TypeKind kind) {
        if (kind.slotSize() == 2) {
            builder.pop2();
        } else {
            builder.pop();
        }
    }

    private static void push(CodeBuilder builder, TypeKind kind, @Nullable Object constant) {
        switch (kind.asLoadable()) {
            case INT -> {
                final Object given = constant instanceof Boolean is ? (is ? 1 : 0) : constant;
                builder.loadConstant((int) expected(given, Integer.class));
            }
            case LONG -> builder.loadConstant((long) expected(constant, Long.class));
            case REFERENCE -> {
                if (constant != null) {
                    throw new IllegalArgumentException("a reference can only be null, not " + constant);
                }
                builder.aconst_null();
            }
            case VOID -> {}
            default -> throw new IllegalArgumentException("no constant of kind " + kind);
        }
    }

    private static <T> T expected(@Nullable Object constant, Class<T> type) {
        if (!type.isInstance(constant)) {
            throw new IllegalArgumentException(constant + " is no " + type.getSimpleName());
        }
        return type.cast(constant);
    }
}
