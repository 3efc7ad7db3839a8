package io.basalt.gate.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.testkit.SeededTest;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class JsonStreamTest {
    private final JsonStream stream = new JsonStream(64, 4);

    private List<String> feed(String text) {
        final byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        stream.feed(bytes, 0, bytes.length);
        return taken(stream);
    }

    private static List<String> taken(JsonStream from) {
        final List<String> values = new ArrayList<>();
        byte[] next = from.next();
        while (next != null) {
            values.add(new String(next, StandardCharsets.UTF_8));
            next = from.next();
        }
        return values;
    }

    @Test
    void splitsValuesThatFollowOneAnotherWithAndWithoutSpace() {
        assertThat(feed("{\"a\":1}{\"b\":[2]} \r\n\t[3]")).containsExactly("{\"a\":1}", "{\"b\":[2]}", "[3]");
        assertThat(stream.violation()).isNull();
    }

    @Test
    void waitsForTheRestOfAValue() {
        assertThat(feed("{\"a\":")).isEmpty();
        assertThat(feed("1}{")).containsExactly("{\"a\":1}");
        assertThat(feed("}")).containsExactly("{}");
    }

    @Test
    void bracketsAndEscapedQuotesInStringsAreText() {
        final String value = "{\"}]\\\"{[\\\\\":\"\\\\\"}";
        assertThat(feed(value + "[]")).containsExactly(value, "[]");
    }

    @Test
    void breaksForGoodAtABareValue() {
        assertThat(feed("{} 12 {}")).containsExactly("{}");
        assertThat(stream.violation()).contains("0x31");
        assertThat(feed("{}")).isEmpty();
    }

    @Test
    void breaksAtAValueThatIsTooDeep() {
        assertThat(feed("[[[[]]]]")).hasSize(1);
        assertThat(feed("[[[[[")).isEmpty();
        assertThat(stream.violation()).contains("nested deeper than 4");
    }

    @Test
    void takesAValueOfTheLimitAndBreaksAtOneByteMore() {
        final String longest = "[\"" + "x".repeat(60) + "\"]";
        assertThat(feed(longest)).containsExactly(longest);
        assertThat(feed("[\"" + "x".repeat(61) + "\"]")).isEmpty();
        assertThat(stream.violation()).contains("longer than 64 bytes");
    }

    @Test
    void breaksAtAnEndlessValueBeforeItEnds() {
        assertThat(feed("[\"" + "x".repeat(200))).isEmpty();
        assertThat(stream.violation()).contains("longer than 64 bytes");
    }

    @Test
    void splitsTheSameWhereverTheStreamIsCut() {
        SeededTest.run(100, random -> {
            final List<String> sent = new ArrayList<>();
            final StringBuilder text = new StringBuilder();
            for (int count = random.nextInt(20); count >= 0; count--) {
                final String value = "{\"k\":[\"" + "\\\"}é".repeat(random.nextInt(500)) + "\"]}";
                sent.add(value);
                text.append(value).append(" ".repeat(random.nextInt(3)));
            }
            final byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
            final JsonStream cut = new JsonStream(1 << 20, 32);
            final List<String> received = new ArrayList<>();
            int at = 0;
            while (at < bytes.length) {
                final int length = Math.min(1 + random.nextInt(2000), bytes.length - at);
                cut.feed(bytes, at, length);
                if (random.nextBoolean()) {
                    received.addAll(taken(cut));
                }
                at += length;
            }
            received.addAll(taken(cut));
            assertThat(received).isEqualTo(sent);
        });
    }
}
