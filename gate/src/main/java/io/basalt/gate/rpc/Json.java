package io.basalt.gate.rpc;

import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonWriteFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// How this process reads and writes JSON: strictly, within bounds, and as trees; nothing is bound to classes.
public final class Json {
    /// Deepest nesting taken.
    public static final int DEPTH_MAX = 32;
    /// Longest value taken, in bytes.
    public static final int BYTES_MAX = 1 << 20;

    private static final int NUMBER_LENGTH_MAX = 64;
    private static final int NAME_LENGTH_MAX = 1024;

    private static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(DEPTH_MAX)
                            .maxNumberLength(NUMBER_LENGTH_MAX)
                            .maxNameLength(NAME_LENGTH_MAX)
                            .maxStringLength(BYTES_MAX)
                            .build())
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private Json() {}

    /// Reads one value.
    ///
    /// @throws JacksonException if the bytes are not exactly one value within the bounds
    public static JsonNode parse(byte[] bytes) {
        return MAPPER.readTree(bytes);
    }

    /// A value's bytes, on one line, all ASCII: a text that is no valid Unicode can be echoed too.
    public static byte[] bytes(JsonNode value) {
        return MAPPER.writer().with(JsonWriteFeature.ESCAPE_NON_ASCII).writeValueAsBytes(value);
    }

    /// A value for people: indented, with a line's end after it.
    public static String pretty(JsonNode value) {
        return MAPPER.writer().with(SerializationFeature.INDENT_OUTPUT).writeValueAsString(value) + "\n";
    }

    /// An empty object.
    public static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }

    /// An empty array.
    public static ArrayNode array() {
        return JsonNodeFactory.instance.arrayNode();
    }

    /// A string.
    public static JsonNode text(String value) {
        return JsonNodeFactory.instance.stringNode(value);
    }

    /// True or false.
    public static JsonNode truth(boolean value) {
        return JsonNodeFactory.instance.booleanNode(value);
    }

    /// A whole number.
    public static JsonNode number(long value) {
        return JsonNodeFactory.instance.numberNode(value);
    }
}
