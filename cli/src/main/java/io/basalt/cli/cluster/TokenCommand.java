package io.basalt.cli.cluster;

import io.basalt.cli.ExitCode;
import io.basalt.cli.output.Columns;
import io.basalt.cli.output.Texts;
import io.basalt.cli.rest.Pages;
import io.basalt.cli.rest.RestClient;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/// `basalt token`: who may use the REST API.
@Command(
        name = "token",
        mixinStandardHelpOptions = true,
        description = "Tokens that the REST API accepts.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {TokenCommand.Ls.class, TokenCommand.Create.class, TokenCommand.Rm.class})
public final class TokenCommand {
    /// `basalt token ls`.
    @Command(name = "ls", mixinStandardHelpOptions = true, description = "List tokens, not their texts.")
    static final class Ls extends ClusterCommand {
        @Override
        protected int run(RestClient client) {
            final Columns columns = new Columns()
                    .text("NAME", "name")
                    .text("MAY", token -> token.path("readOnly").booleanValue(false) ? "look" : "change")
                    .text("CREATED", token -> Texts.time(Texts.bytes(token, "createdMs")));
            output().list(Pages.all(client, "tokens"), "name", columns, "no tokens");
            return ExitCode.OK;
        }
    }

    /// `basalt token create`.
    @Command(
            name = "create",
            mixinStandardHelpOptions = true,
            description = "Make a token and print its text, which is shown this once only.")
    static final class Create extends ClusterCommand {
        @Parameters(index = "0", paramLabel = "NAME", description = "For people: who uses it.")
        private String name = "";

        @Option(names = "--read-only", description = "It may only look.")
        private boolean readOnly;

        @Override
        protected int run(RestClient client) {
            final JsonNode token = client.change(
                    "POST",
                    "/v1/tokens",
                    JsonNodeFactory.instance.objectNode().put("name", name).put("readOnly", readOnly));
            output().one(token, name, Texts.text(token, "token"));
            return ExitCode.OK;
        }
    }

    /// `basalt token rm`.
    @Command(name = "rm", mixinStandardHelpOptions = true, description = "Accept a token no longer. Asks first.")
    static final class Rm extends ClusterCommand {
        @Parameters(index = "0", paramLabel = "NAME", description = "Its name.")
        private String name = "";

        @Mixin
        private Confirmation confirmation = new Confirmation();

        @Override
        protected int run(RestClient client) {
            final JsonNode nothing = JsonNodeFactory.instance.objectNode().put("name", name);
            if (confirmation.dryRun()) {
                output().one(nothing, name, "would delete token " + name);
                return ExitCode.OK;
            }
            if (!confirmation.given("Delete token " + name + "?")) {
                return ExitCode.FAILED;
            }
            client.change("DELETE", "/v1/tokens/" + RestClient.encode(name), null);
            output().one(nothing, name, "deleted token " + name);
            return ExitCode.OK;
        }
    }
}
