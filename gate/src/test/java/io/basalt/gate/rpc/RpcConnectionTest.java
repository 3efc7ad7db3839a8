package io.basalt.gate.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class RpcConnectionTest {
    private final RpcDispatcher dispatcher = new RpcDispatcher();
    private final List<RpcCall> deferred = new ArrayList<>();
    private final int[] changes = new int[1];
    private final RpcConnection connection = new RpcConnection(dispatcher, () -> changes[0]++);

    @BeforeEach
    void registerMethods() {
        dispatcher.register(RpcMethod.of(
                "echo",
                "Answer the text",
                List.of(RpcParameter.text("text", "any").must(), RpcParameter.integer("number", 1, 9, "a digit")),
                call -> Json.text(call.text("text"))));
        dispatcher.register(RpcMethod.deferring("later", "Answer later", List.of(), deferred::add));
        dispatcher.register(RpcMethod.of("refuse", "Fail", List.of(), _ -> {
            throw RpcError.busy("dev_name", "is in use", "delete it");
        }));
        dispatcher.register(RpcMethod.of("stumble", "Fail by mistake", List.of(), _ -> {
            throw new IllegalStateException("a mistake");
        }));
        dispatcher.register(RpcMethod.of("big", "Answer much", List.of(), _ -> Json.text("x".repeat(300_000))));
        dispatcher.alias("echo_old", "echo");
    }

    private void send(String text) {
        final byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        connection.receive(bytes, 0, bytes.length);
    }

    private List<JsonNode> answers() {
        final List<JsonNode> answers = new ArrayList<>();
        byte[] next = connection.output();
        while (next != null) {
            assertThat(next[next.length - 1]).isEqualTo((byte) '\n');
            answers.add(Json.parse(next));
            connection.sent();
            next = connection.output();
        }
        return answers;
    }

    private JsonNode answer(String request) {
        send(request);
        final List<JsonNode> answers = answers();
        assertThat(answers).hasSize(1);
        return answers.getFirst();
    }

    @Test
    void echoesIdsOfEveryKind() {
        for (final String id :
                List.of("7", "\"seven\"", "null", "-1", "123456789012345678901234567890", "\"\\ud800\"")) {
            final JsonNode answer =
                    answer("{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"method\":\"echo\",\"params\":{\"text\":\"a\"}}");
            assertThat(answer.get("id")).isEqualTo(Json.parse(id.getBytes(StandardCharsets.UTF_8)));
            assertThat(answer.path("result").stringValue()).isEqualTo("a");
            assertThat(answer.path("jsonrpc").stringValue()).isEqualTo("2.0");
        }
    }

    @Test
    void answersNoNotification() {
        send("{\"method\":\"echo\",\"params\":{\"text\":\"a\"}}{\"method\":\"nothing\"}");
        assertThat(answers()).isEmpty();
    }

    @Test
    void answersABatchAsOneArrayWithoutItsNotifications() {
        final JsonNode batch = answer("[{\"id\":1,\"method\":\"echo\",\"params\":{\"text\":\"a\"}},"
                + "{\"method\":\"echo\",\"params\":{\"text\":\"b\"}},{\"id\":2,\"method\":\"refuse\"},5]");
        assertThat(batch.size()).isEqualTo(3);
        assertThat(batch.get(0).path("result").stringValue()).isEqualTo("a");
        assertThat(batch.get(1).path("error").path("code").intValue()).isEqualTo(-16);
        assertThat(batch.get(2).path("error").path("code").intValue()).isEqualTo(-32600);
    }

    @Test
    void sendsABatchWhenItsLastCallHasCompleted() {
        send("[{\"id\":1,\"method\":\"later\"},{\"id\":2,\"method\":\"later\"}]");
        assertThat(answers()).isEmpty();
        deferred.get(1).answerTrue();
        assertThat(answers()).isEmpty();
        deferred.get(0).answerTrue();
        final JsonNode batch = answers().getFirst();
        assertThat(batch.get(0).path("id").intValue()).isEqualTo(2);
        assertThat(batch.get(1).path("id").intValue()).isEqualTo(1);
    }

    @Test
    void refusesEmptyAndOverlongBatches() {
        assertThat(answer("[]").path("error").path("code").intValue()).isEqualTo(-32600);
        assertThat(answer("[" + "1,".repeat(RpcConnection.BATCH_MAX) + "1]")
                        .path("error")
                        .path("data")
                        .path("reason")
                        .stringValue())
                .contains("1 to 256");
        assertThat(connection.broken()).isFalse();
    }

    @Test
    void boundsTheAnswersOfABatch() {
        final JsonNode batch =
                answer("[" + "{\"id\":1,\"method\":\"big\"},".repeat(9) + "{\"id\":2,\"method\":\"big\"}]");
        assertThat(batch.size()).isEqualTo(10);
        assertThat(batch.get(9).path("error").path("code").intValue()).isEqualTo(-32603);
        assertThat(batch.get(9).path("id").intValue()).isEqualTo(2);
    }

    @Test
    void namesTheMemberThatMakesARequestInvalid() {
        assertThat(reason("{\"id\":1}")).contains("'method'");
        assertThat(reason("{\"id\":1,\"method\":5}")).contains("'method'");
        assertThat(reason("{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"echo\"}")).contains("'jsonrpc'");
        assertThat(reason("{\"id\":1.5,\"method\":\"echo\"}")).contains("'id'");
        assertThat(reason("{\"id\":{},\"method\":\"echo\"}")).contains("'id'");
    }

    private String reason(String request) {
        final JsonNode error = answer(request).path("error");
        assertThat(error.path("code").intValue()).isEqualTo(-32600);
        return error.path("data").path("reason").stringValue();
    }

    @Test
    void answersAParseErrorWithNullIdAndTakesNothingMore() {
        final JsonNode answer = answer("{\"id\":1,}{\"id\":2,\"method\":\"later\"}");
        assertThat(answer.path("error").path("code").intValue()).isEqualTo(-32700);
        assertThat(answer.get("id").isNull()).isTrue();
        assertThat(connection.broken()).isTrue();
        send("{\"id\":3,\"method\":\"later\"}");
        assertThat(answers()).isEmpty();
        assertThat(deferred).isEmpty();
    }

    @Test
    void refusesAMemberThatIsThereTwice() {
        assertThat(answer("{\"id\":1,\"method\":\"refuse\",\"method\":\"later\"}")
                        .path("error")
                        .path("code")
                        .intValue())
                .isEqualTo(-32700);
    }

    @Test
    void validatesParametersAndSaysWhichWhyAndWhat() {
        assertError("echo", "{}", -32602, "text", "is missing", "give string");
        assertError("echo", "{\"text\":5}", -32602, "text", "must be a string", "double quotes");
        assertError("echo", "{\"text\":\"\"}", -32602, "text", "1 to 4096 characters", "");
        assertError("echo", "{\"text\":\"\\u0000\"}", -32602, "text", "control character", "remove");
        assertError("echo", "{\"text\":\"\\udc00\"}", -32602, "text", "half a character", "remove");
        assertError("echo", "{\"text\":\"a\",\"number\":0}", -32602, "number", "must be 1 to 9, is 0", "range");
        assertError("echo", "{\"text\":\"a\",\"number\":1e400}", -32602, "number", "integer", "whole number");
        assertError(
                "echo",
                "{\"text\":\"a\",\"number\":99999999999999999999}",
                -32602,
                "number",
                "must be 1 to 9",
                "range");
        assertError("echo", "{\"txt\":\"a\"}", -32602, "txt", "no such parameter", "did you mean 'text'?");
        assertError("echo", "{\"zzzzzz\":\"a\"}", -32602, "zzzzzz", "no such parameter", "it takes text, number");
        assertError("echo", "[\"a\"]", -32602, "params", "object", "name");
        assertError("ecko", "{}", -32601, "method", "'ecko'", "did you mean 'echo'?");
        assertError("nothing_like_it", "{}", -32601, "method", "no method", "rpc_get_methods");
    }

    private void assertError(String method, String params, int code, String field, String reason, String hint) {
        final JsonNode error = answer("{\"id\":1,\"method\":\"" + method + "\",\"params\":" + params + "}")
                .path("error");
        assertThat(error.path("code").intValue()).as(params).isEqualTo(code);
        assertThat(error.path("data").path("field").stringValue()).isEqualTo(field);
        assertThat(error.path("data").path("reason").stringValue()).contains(reason);
        assertThat(error.path("data").path("hint").stringValue()).contains(hint);
    }

    @Test
    void takesNoParametersInEveryFormAndOptionalNull() {
        for (final String params : List.of("", ",\"params\":null", ",\"params\":[]", ",\"params\":{}")) {
            assertThat(answer("{\"id\":1,\"method\":\"refuse\"" + params + "}")
                            .path("error")
                            .path("code")
                            .intValue())
                    .isEqualTo(-16);
        }
        assertThat(answer("{\"id\":1,\"method\":\"echo\",\"params\":{\"text\":\"a\",\"number\":null}}")
                        .path("result")
                        .stringValue())
                .isEqualTo("a");
    }

    @Test
    void answersToAnAlias() {
        assertThat(answer("{\"id\":1,\"method\":\"echo_old\",\"params\":{\"text\":\"b\"}}")
                        .path("result")
                        .stringValue())
                .isEqualTo("b");
    }

    @Test
    void answersAMistakeOfAMethodAsInternalError() {
        assertThat(answer("{\"id\":1,\"method\":\"stumble\"}")
                        .path("error")
                        .path("code")
                        .intValue())
                .isEqualTo(-32603);
    }

    @Test
    void tellsOfLateAnswersAndOnlyOfThose() {
        send("{\"id\":1,\"method\":\"refuse\"}{\"id\":2,\"method\":\"later\"}");
        assertThat(changes[0]).isZero();
        assertThat(answers()).hasSize(1);
        deferred.getFirst().answerTrue();
        assertThat(changes[0]).isEqualTo(1);
        assertThat(answers().getFirst().path("id").intValue()).isEqualTo(2);
    }

    @Test
    void takesNoMoreRequestsThanMayWaitUntilSomeComplete() {
        send("{\"method\":\"later\"}".repeat(RpcConnection.CALLS_MAX + 3));
        assertThat(deferred).hasSize(RpcConnection.CALLS_MAX);
        assertThat(connection.congested()).isTrue();
        deferred.getFirst().answerTrue();
        assertThat(changes[0]).as("a completed notification makes room").isEqualTo(1);
        connection.resume();
        assertThat(deferred).hasSize(RpcConnection.CALLS_MAX + 1);
    }

    @Test
    void takesNoMoreRequestsFromAClientThatDoesNotReadUntilItReads() {
        send("{\"id\":1,\"method\":\"big\"}".repeat(10));
        assertThat(connection.congested()).isTrue();
        int received = answers().size();
        assertThat(received).isEqualTo(4);
        while (received < 10) {
            connection.resume();
            final int more = answers().size();
            assertThat(more).isBetween(1, 4);
            received += more;
        }
        assertThat(connection.output()).isNull();
    }
}
