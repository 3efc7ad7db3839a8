package io.basalt.block;

/// Who is told where a volume has content, extent after extent.
@FunctionalInterface
public interface ExtentVisitor {
    /// The next extent, which begins where the one before has ended.
    ///
    /// @param length bytes, at least 1
    /// @param hole whether nothing is stored there and zeros are read; if not, there may be anything
    /// @return whether to go on
    boolean extent(long length, boolean hole);
}
