package io.basalt.cli;

import io.basalt.cli.check.CheckCommand;
import io.basalt.cli.cluster.DeviceCommand;
import io.basalt.cli.cluster.FreeCommand;
import io.basalt.cli.cluster.HealthCommand;
import io.basalt.cli.cluster.MetaCommand;
import io.basalt.cli.cluster.NodeCommand;
import io.basalt.cli.cluster.RepairCommand;
import io.basalt.cli.cluster.SetCommand;
import io.basalt.cli.cluster.StatusCommand;
import io.basalt.cli.cluster.TokenCommand;
import io.basalt.cli.config.ConfigCommand;
import io.basalt.cli.demo.DemoCommand;
import io.basalt.cli.gate.TopCommand;
import io.basalt.cli.image.ExportCommand;
import io.basalt.cli.image.ImportCommand;
import io.basalt.cli.qos.QosCommand;
import io.basalt.cli.serve.ServeCommand;
import io.basalt.cli.tool.ChunkCommand;
import io.basalt.cli.tool.PlacementCommand;
import io.basalt.cli.upgrade.UpgradeCommand;
import io.basalt.cli.volume.AttachCommand;
import io.basalt.cli.volume.CreateCommand;
import io.basalt.cli.volume.DetachCommand;
import io.basalt.cli.volume.DiskUseCommand;
import io.basalt.cli.volume.ExportNbdCommand;
import io.basalt.cli.volume.InfoCommand;
import io.basalt.cli.volume.ListCommand;
import io.basalt.cli.volume.RemoveCommand;
import io.basalt.cli.volume.ResizeCommand;
import io.basalt.cli.why.WhyCommand;
import java.util.function.Function;
import picocli.AutoComplete.GenerateCompletion;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.TypeConversionException;

/// The `basalt` command: its subcommands.
@Command(
        name = "basalt",
        mixinStandardHelpOptions = true,
        version = "basalt 0.1.0",
        description = "Block storage for virtual machines.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            CreateCommand.class,
            ListCommand.class,
            InfoCommand.class,
            ResizeCommand.class,
            RemoveCommand.class,
            AttachCommand.class,
            DetachCommand.class,
            DiskUseCommand.class,
            QosCommand.class,
            ImportCommand.class,
            ExportCommand.class,
            ExportNbdCommand.class,
            FreeCommand.class,
            StatusCommand.class,
            HealthCommand.class,
            NodeCommand.class,
            DeviceCommand.class,
            RepairCommand.class,
            SetCommand.class,
            TokenCommand.class,
            MetaCommand.class,
            UpgradeCommand.class,
            DemoCommand.class,
            ServeCommand.class,
            GateCommand.class,
            TopCommand.class,
            WhyCommand.class,
            RpcCommand.class,
            BenchCommand.class,
            ConfigCommand.class,
            CheckCommand.class,
            ChunkCommand.class,
            PlacementCommand.class,
            GenerateCompletion.class,
            HelpCommand.class,
        },
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:done",
            "1:failed",
            "2:wrong usage",
            "3:not found",
            "4:exists already, or in use",
            "5:nobody answers, or not in time",
            "10:health: something needs attention",
            "11:health: something is wrong",
        })
public final class Main {
    Main() {}

    /// Run a command and end the process with its exit code.
    public static void main(String[] arguments) {
        end(run(arguments));
    }

    /// End the process. If a signal asked for its end, status 0 stands for a clean one.
    static void end(int code) {
        System.out.flush();
        Termination.cleaned(code);
        if (!Termination.asked()) {
            System.exit(code);
        }
    }

    static int run(String... arguments) {
        return commandLine().execute(arguments);
    }

    /// The parser with all commands, for this process or a test.
    public static CommandLine commandLine() {
        return CommandGroups.grouped(new CommandLine(new Main()))
                .registerConverter(ByteSize.class, text -> converted(text, ByteSize::parse))
                .registerConverter(Seconds.class, text -> converted(text, Seconds::parse))
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setAbbreviatedOptionsAllowed(false)
                .setParameterExceptionHandler((failure, _) -> Failures.misused(failure))
                .setExecutionExceptionHandler((failure, command, _) -> Failures.report(failure, command));
    }

    /// A value by its own parser, whose refusal becomes the parser's of the command line.
    private static <T> T converted(String text, Function<String, T> parser) {
        try {
            return parser.apply(text);
        } catch (IllegalArgumentException refused) {
            throw new TypeConversionException(String.valueOf(refused.getMessage()));
        }
    }
}
