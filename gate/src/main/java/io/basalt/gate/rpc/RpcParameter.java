package io.basalt.gate.rpc;

import java.util.List;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/// What a method says of one of its parameters, and the check of a value against it.
///
/// @param name spelled as in the request
/// @param type what its value is
/// @param required whether it must be there
/// @param least smallest integer, or fewest characters
/// @param most largest integer, or most characters
/// @param words the only values of a string; empty for any
/// @param description for the operator, one line
public record RpcParameter(
        String name, Type type, boolean required, long least, long most, List<String> words, String description) {
    private static final int TEXT_LENGTH_MAX = 4096;
    private static final Pattern UUID_TEXT =
            Pattern.compile("[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}");

    /// Kinds of value.
    public enum Type {
        STRING("string"),
        INTEGER("integer"),
        BOOLEAN("boolean"),
        UUID("uuid"),
        STRINGS("array of strings"),
        ARRAY("array");

        private final String word;

        Type(String word) {
            this.word = word;
        }

        /// What operators read.
        public String word() {
            return word;
        }
    }

    public RpcParameter {
        words = List.copyOf(words);
    }

    /// An optional string of 1 to 4096 characters.
    public static RpcParameter text(String name, String description) {
        return new RpcParameter(name, Type.STRING, false, 1, TEXT_LENGTH_MAX, List.of(), description);
    }

    /// An optional string that is one of a few words.
    public static RpcParameter word(String name, List<String> words, String description) {
        return new RpcParameter(name, Type.STRING, false, 0, TEXT_LENGTH_MAX, words, description);
    }

    /// An optional integer in a range.
    public static RpcParameter integer(String name, long least, long most, String description) {
        return new RpcParameter(name, Type.INTEGER, false, least, most, List.of(), description);
    }

    /// An optional truth value.
    public static RpcParameter flag(String name, String description) {
        return new RpcParameter(name, Type.BOOLEAN, false, 0, 1, List.of(), description);
    }

    /// An optional identifier of 32 hexadecimal digits in five groups.
    public static RpcParameter uuid(String name, String description) {
        return new RpcParameter(name, Type.UUID, false, 0, 0, List.of(), description);
    }

    /// An optional array of strings.
    public static RpcParameter texts(String name, String description) {
        return new RpcParameter(name, Type.STRINGS, false, 1, TEXT_LENGTH_MAX, List.of(), description);
    }

    /// An optional array of anything.
    public static RpcParameter array(String name, String description) {
        return new RpcParameter(name, Type.ARRAY, false, 0, 0, List.of(), description);
    }

    /// The same, but it must be there.
    public RpcParameter must() {
        return new RpcParameter(name, type, true, least, most, words, description);
    }

    /// @throws RpcError if the value breaks a rule
    void check(JsonNode value) {
        switch (type) {
            case STRING -> checkText(name, value);
            case INTEGER -> checkInteger(value);
            case BOOLEAN -> require(value.isBoolean(), value, "give true or false, without quotes");
            case UUID ->
                require(
                        value.isString()
                                && UUID_TEXT.matcher(value.stringValue()).matches(),
                        value,
                        "write it as 01234567-89ab-cdef-0123-456789abcdef");
            case STRINGS -> {
                require(value.isArray(), value, "give a list, such as [\"a\", \"b\"]");
                for (int index = 0; index < value.size(); index++) {
                    checkText(name + "[" + index + "]", value.get(index));
                }
            }
            case ARRAY -> require(value.isArray(), value, "give a list");
        }
    }

    private void checkText(String field, JsonNode value) {
        if (!value.isString()) {
            throw RpcError.invalidParameter(field, "must be a string, is " + kind(value), "put it in double quotes");
        }
        final String text = value.stringValue();
        if (!words.isEmpty() && !words.contains(text)) {
            throw RpcError.invalidParameter(
                    field,
                    "must be one of " + String.join(", ", words) + ", is '" + shortened(text) + "'",
                    Suggestion.of(text, words, "choose one of them"));
        }
        if (text.length() < least || text.length() > most) {
            throw RpcError.invalidParameter(
                    field,
                    "must have " + least + " to " + most + " characters, has " + text.length(),
                    "choose another");
        }
        if (text.codePoints().anyMatch(RpcParameter::unprintable)) {
            throw RpcError.invalidParameter(field, "holds a control character or half a character", "remove it");
        }
    }

    /// A control character, or one half of a surrogate pair.
    private static boolean unprintable(int codePoint) {
        return Character.isISOControl(codePoint) || Character.getType(codePoint) == Character.SURROGATE;
    }

    private void checkInteger(JsonNode value) {
        require(value.isIntegralNumber(), value, "give a whole number, without quotes");
        if (!value.canConvertToLong() || value.longValue() < least || value.longValue() > most) {
            throw RpcError.invalidParameter(
                    name,
                    "must be " + least + " to " + most + ", is " + shortened(value.asString()),
                    "choose a number in this range");
        }
    }

    private void require(boolean holds, JsonNode value, String hint) {
        if (!holds) {
            throw RpcError.invalidParameter(name, "must be of type " + type.word() + ", is " + kind(value), hint);
        }
    }

    private static String kind(JsonNode value) {
        return value.isContainer()
                ? value.isArray() ? "an array" : "an object"
                : value.isString()
                        ? "the string '" + shortened(value.stringValue()) + "'"
                        : shortened(value.asString());
    }

    private static String shortened(String text) {
        final int shown = 64;
        return text.length() <= shown ? text : text.substring(0, shown) + "...";
    }
}
