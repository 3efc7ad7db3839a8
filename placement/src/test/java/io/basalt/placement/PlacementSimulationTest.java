package io.basalt.placement;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The project's goals for placement, at 1000 devices in 50 racks.
class PlacementSimulationTest {
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aThousandDevicesInFiftyRacksMeetTheGoals(boolean unequalWeights) {
        final SimulationReport report =
                PlacementSimulation.run(SimulationOptions.DEFAULT.withUnequalWeights(unequalWeights));
        System.out.println(report.toText());
        assertThat(report.options().devices()).isEqualTo(1000);
        // Chance alone is far from even, so the table does the work; it stays short.
        assertThat(report.drawn().maxOverMean()).isGreaterThan(1.2);
        assertThat(report.balanced().maxOverMean()).isLessThanOrEqualTo(1.05);
        assertThat(report.ordered().primaryMaxOverMean()).isLessThanOrEqualTo(1.15);
        assertThat(report.exceptions()).isLessThan(report.pgCount() / 25);
        assertThat(report.exceptionMoves()).isLessThan(report.drawn().copies() / 25);
        for (final SimulationReport.Movement movement : report.movements()) {
            assertThat(movement.drawnRatio()).as(movement.change()).isLessThanOrEqualTo(1.1);
            assertThat(movement.balancedMaxOverMean()).as(movement.change()).isLessThanOrEqualTo(1.05);
            if (movement.change().contains("added")) {
                assertThat(movement.balancedRatio()).as(movement.change()).isLessThanOrEqualTo(1.1);
            }
        }
        assertThat(report.movements()).hasSize(5);
        assertThat(report.durability().nines()).isGreaterThan(11);
    }

    @Test
    void printsItsTables() {
        final SimulationOptions options = SimulationOptions.DEFAULT.withShape(2, 3, 2, 2);
        assertThat(PlacementSimulation.run(options).toText())
                .contains("24 devices: 2 rooms x 3 racks x 2 hosts x 2 devices, weights equal")
                .contains("800 placement groups x 3 copies, one per RACK")
                .contains("draws alone", "with exception table", "one device removed", "one rack out", "copysets")
                .endsWith("\n");
    }

    @Test
    void sameOptionsGiveTheSameReport() {
        final SimulationOptions options =
                SimulationOptions.DEFAULT.withShape(1, 4, 2, 2).withUnequalWeights(true);
        assertThat(PlacementSimulation.run(options)).isEqualTo(PlacementSimulation.run(options));
    }

    @Test
    void worksOnTheSmallestSets() {
        final SimulationReport report = PlacementSimulation.run(SimulationOptions.DEFAULT.withShape(1, 1, 3, 1));
        assertThat(report.balanced().missing()).isZero();
        assertThat(report.toText()).contains("3 devices");
        assertThat(PlacementSimulation.run(SimulationOptions.DEFAULT.withShape(1, 1, 1, 1))
                        .balanced()
                        .missing())
                .isPositive();
    }

    @Test
    void refusesOptionsOutOfRange() {
        assertThatThrownBy(() -> SimulationOptions.DEFAULT.withShape(0, 1, 1, 1))
                .hasMessageContaining("rooms 0");
        assertThatThrownBy(() -> SimulationOptions.DEFAULT.withShape(1, 1000, 1000, 1))
                .hasMessageContaining("1000000 devices");
        assertThatThrownBy(() -> SimulationOptions.DEFAULT.withShape(1 << 30, 1 << 30, 1 << 30, 1 << 30))
                .hasMessageContaining("over the limit of 16384");
        assertThat(SimulationOptions.DEFAULT.withShape(1, 50, 10, 10).pgCount()).isEqualTo(65536);
    }
}
