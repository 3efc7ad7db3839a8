package io.basalt.reactor.uring;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.testkit.SeededTest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SlotTableTest {
    @Test
    void findsWhatIsInAndNothingUnderNumbersOfTheRemoved() {
        SeededTest.run(100, random -> {
            final SlotTable<Object> table = new SlotTable<>();
            final Map<Integer, Object> model = new HashMap<>();
            final List<Integer> removed = new ArrayList<>();
            for (int step = 0; step < 300; step++) {
                if (model.isEmpty() || random.nextBoolean()) {
                    final Object object = new Object();
                    final int number = table.add(object);
                    assertThat(number).isNotNegative();
                    assertThat(model.put(number, object)).isNull();
                    assertThat(removed).doesNotContain(number);
                } else {
                    final int number = new ArrayList<>(model.keySet()).get(random.nextInt(model.size()));
                    assertThat(table.remove(number)).isSameAs(model.remove(number));
                    removed.add(number);
                }
                model.forEach((number, object) -> assertThat(table.find(number)).isSameAs(object));
                removed.forEach(number -> assertThat(table.find(number)).isNull());
                assertThat(table.size()).isEqualTo(model.size());
            }
        });
    }

    @Test
    void numbersStayPositiveWhenGenerationsBeginAgain() {
        final SlotTable<Object> table = new SlotTable<>();
        for (int round = 0; round < 1 << 16; round++) {
            final int number = table.add(this);
            assertThat(number).isNotNegative();
            assertThat(table.remove(number)).isSameAs(this);
            assertThat(table.remove(number)).isNull();
        }
    }
}
