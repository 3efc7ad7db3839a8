package io.basalt.cli;

import picocli.CommandLine.Command;

/// `basalt gate`: the process on a VM host.
@Command(
        name = "gate",
        mixinStandardHelpOptions = true,
        description = "The process that serves disks to the virtual machines of this host.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {GateRunCommand.class, GateHolderCommand.class, GateUpgradeCommand.class})
final class GateCommand {}
