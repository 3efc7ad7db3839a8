package io.basalt.wire.meta;

/// What a request is recognised by when it comes a second time: it then has the same effect and answer as the
/// first.
///
/// @param instance drawn at random by the process that asks, when it starts; or the first half of a hashed key
/// @param sequence counted by that process; or the second half
public record RequestId(long instance, long sequence) {
    /// Stands for "is not repeated": the request is executed each time it comes.
    public static final RequestId NONE = new RequestId(0, 0);

    /// Append the id.
    public void write(FieldWriter writer) {
        writer.putLong(instance).putLong(sequence);
    }

    /// Read an id.
    public static RequestId read(FieldReader reader) {
        return new RequestId(reader.takeLong("request instance"), reader.takeLong("request sequence"));
    }
}
