package io.basalt.cli.qos;

import picocli.CommandLine.Command;

/// `basalt qos`: limits of the volumes that a gate of this host serves.
@Command(
        name = "qos",
        mixinStandardHelpOptions = true,
        description = "Limits of the volumes that this host's gate serves.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {QosSetCommand.class, QosShowCommand.class, QosClassCommand.class})
public final class QosCommand {}
