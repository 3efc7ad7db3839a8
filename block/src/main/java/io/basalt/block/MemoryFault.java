package io.basalt.block;

/// The place where a fault on shared memory shows.
///
/// Memory whose file a peer has truncated cannot be read any more, but compiled code that reads it goes on with
/// whatever it finds in the register; the `InternalError` comes at a later return from a method, perhaps in code
/// that has nothing to do with that memory and belongs to another guest. Who touches such memory therefore calls
/// [#surface()] as the last thing in the block whose `catch` stands for the loss of it: the error comes there or
/// before.
public final class MemoryFault {
    /// Compilers inline a method into itself once; one level below that is a real call, and one more to be sure.
    private static final int DEPTH = 3;

    private MemoryFault() {}

    /// Returns from a method that is called and not inlined, which is where the machine delivers what is pending.
    /// Allocates nothing.
    ///
    /// @throws InternalError if memory that this thread has touched before is gone
    public static void surface() {
        descend(DEPTH);
    }

    private static int descend(int depth) {
        return depth == 0 ? 0 : descend(depth - 1) + 1;
    }
}
