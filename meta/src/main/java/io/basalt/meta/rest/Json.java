package io.basalt.meta.rest;

import io.basalt.meta.service.IoRate;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// How the API reads and writes JSON: strictly, within bounds, and as trees.
final class Json {
    private static final int DEPTH_MAX = 16;
    private static final int NUMBER_LENGTH_MAX = 64;
    private static final int TEXT_LENGTH_MAX = 4096;
    private static final double TENTHS = 10;

    private static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(DEPTH_MAX)
                            .maxNumberLength(NUMBER_LENGTH_MAX)
                            .maxNameLength(TEXT_LENGTH_MAX)
                            .maxStringLength(TEXT_LENGTH_MAX)
                            .build())
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private Json() {}

    /// Reads one value.
    ///
    /// @throws JacksonException if the bytes are not exactly one value within the bounds
    static JsonNode parse(byte[] bytes) {
        return MAPPER.readTree(bytes);
    }

    static byte[] bytes(JsonNode value) {
        return MAPPER.writer().with(SerializationFeature.INDENT_OUTPUT).writeValueAsBytes(value);
    }

    /// What is read and written in a second.
    static ObjectNode rate(IoRate rate) {
        return object().put("readsPerSecond", round(rate.reads()))
                .put("writesPerSecond", round(rate.writes()))
                .put("readBytesPerSecond", Math.round(rate.readBytes()))
                .put("writtenBytesPerSecond", Math.round(rate.writtenBytes()));
    }

    /// One decimal: a disk that is asked for something every few seconds is not idle.
    private static double round(double rate) {
        return Math.round(rate * TENTHS) / TENTHS;
    }

    static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }
}
