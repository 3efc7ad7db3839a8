package io.basalt.wire.meta;

/// Why something was refused, as the content of an answer that is not [MetaCode#OK].
///
/// @param text for people: what, why, and what to do; cut to [#BYTES_MAX] so that it fits every answer's body
public record Reason(String text) {
    /// Longest text, in bytes of UTF-8.
    public static final int BYTES_MAX = 180;

    /// The reason as content.
    public byte[] toContent() {
        return MetaMessage.begin().putText(cut(text)).toByteArray();
    }

    /// The reason in a content; an unreadable one is reported as such, never an error of its own.
    public static Reason of(FieldReader content) {
        try {
            return new Reason(MetaMessage.begin(content).takeText("reason", BYTES_MAX));
        } catch (MetaFormatException e) {
            return new Reason("no readable reason was given: " + e.getMessage());
        }
    }

    private static String cut(String text) {
        int end = Math.min(text.length(), BYTES_MAX);
        while (text.substring(0, end).getBytes(java.nio.charset.StandardCharsets.UTF_8).length > BYTES_MAX) {
            end--;
        }
        if (end > 0 && Character.isHighSurrogate(text.charAt(end - 1))) {
            end--;
        }
        return text.substring(0, end);
    }
}
