package io.basalt.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class CommandLineTest {
    @Test
    void saysWhichCommandsThereAreBelowOne() {
        final CommandRun run = CommandRun.of("node");

        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err()).isEqualTo("""
            basalt: Missing required subcommand
              give one of: drain, info, ls, uncordon, undrain
              see: basalt node --help
            """);
    }

    @Test
    void everyCommandHasHelpThatSaysWhatItDoes() {
        final List<CommandLine> all = new ArrayList<>(List.of(Main.commandLine()));
        for (int i = 0; i < all.size(); i++) {
            all.addAll(all.get(i).getSubcommands().values());
        }

        assertThat(all).hasSizeGreaterThan(30);
        for (final CommandLine command : all) {
            final String name = command.getCommandSpec().qualifiedName();
            assertThat(command.getUsageMessage(CommandLine.Help.Ansi.OFF))
                    .as(name)
                    .contains("--help");
            assertThat(command.getCommandSpec().usageMessage().description())
                    .as(name)
                    .isNotEmpty();
        }
    }

    @Test
    void everyCommandHasAPlaceInTheHelp() {
        final CommandLine basalt = Main.commandLine();

        assertThat(basalt.getSubcommands().keySet().stream()
                        .filter(name -> !List.of("list", "remove").contains(name)))
                .containsExactlyInAnyOrderElementsOf(CommandGroups.known());
        assertThat(basalt.getUsageMessage(CommandLine.Help.Ansi.OFF))
                .contains("Volumes:\n  create               Make a volume\n");
        assertThat(basalt.getUsageMessage(CommandLine.Help.Ansi.OFF).lines()).allMatch(line -> line.length() <= 120);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "creat vm1             | did you mean 'create'?",
                "ls --sotr size        | did you mean '--sort'?",
                "device st 1           | did you mean 'set'?",
            })
    void guessesWhatWasMeant(String words, String guess) {
        final CommandRun run = CommandRun.of(words.split(" "));

        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err()).contains(guess, "--help").doesNotContain("Exception");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "create vm1 -s 20X      | is not a size; write 4096, 4k, 1M, 20G, 1.5T or 2TiB",
                "create vm1             | --size",
                "ls --sort colour       | colour",
                "import image.raw       | basalt import FILE VOLUME",
            })
    void namesTheOptionAtFault(String words, String said) {
        final CommandRun run = CommandRun.of(words.split(" "));

        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err()).contains(said).doesNotContain("Exception");
    }

    @ParameterizedTest
    @CsvSource({
        "4096, 4096",
        "4k, 4096",
        "1M, 1048576",
        "20G, 21474836480",
        "20GiB, 21474836480",
        "2T, 2199023255552",
        "2TiB, 2199023255552",
        "1.5k, 1536",
        "1p, 1125899906842624",
    })
    void readsSizesInPowersOf1024(String text, long bytes) {
        assertThat(ByteSize.parse(text)).isEqualTo(new ByteSize(bytes));
    }

    @ParameterizedTest
    @CsvSource({"1023, 1023 B", "1024, 1 KiB", "1536, 1.5 KiB", "107374182400, 100 GiB", "0, 0 B"})
    void printsSizesInTheLargestUnit(long bytes, String text) {
        assertThat(new ByteSize(bytes)).hasToString(text);
    }

    @ParameterizedTest
    @CsvSource({"vm1, vm1, 0", "vm1, mv1, 1", "create, creat, 1", "ls, status, 5"})
    void countsSlipsBetweenWords(String one, String other, int distance) {
        assertThat(Suggestion.distance(one, other)).isEqualTo(distance);
        assertThat(Suggestion.distance(other, one)).isEqualTo(distance);
    }

    @Test
    void guessesNothingFromWordsThatAreFarApart() {
        assertThat(Suggestion.of("zebra", List.of("vm1", "vm2"), "see ls")).isEqualTo("see ls");
        assertThat(Suggestion.of("x".repeat(200), List.of("vm1"), "see ls")).isEqualTo("see ls");
    }

    @Test
    void saysWhichFileIsMissing() {
        final CommandRun run = CommandRun.of("import", "/nowhere/image.raw", "vm1");

        assertThat(run.code()).isEqualTo(3);
        assertThat(run.err()).isEqualTo("basalt: /nowhere/image.raw: there is no such file or folder\n");
    }

    @Test
    void calculatesPlacementWithoutACluster() {
        final CommandRun run = CommandRun.of(
                "placement", "simulate", "--racks", "4", "--hosts", "2", "--devices", "2", "--pgs-per-device", "20");

        assertThat(run.code()).isZero();
        assertThat(run.out()).contains("16 devices: 1 rooms x 4 racks x 2 hosts x 2 devices", "MAX/MEAN", "nines");
        assertThat(CommandRun.of("placement", "simulate", "--racks", "0").code())
                .isEqualTo(2);
        assertThat(CommandRun.of(
                                "placement",
                                "simulate",
                                "--racks",
                                "4",
                                "--hosts",
                                "1",
                                "--devices",
                                "1",
                                "--pgs-per-device",
                                "9",
                                "--json")
                        .out())
                .contains("\"pgCount\" : 12");
    }
}
