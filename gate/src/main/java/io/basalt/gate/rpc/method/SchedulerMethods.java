package io.basalt.gate.rpc.method;

import static io.basalt.gate.rpc.RpcParameter.integer;
import static io.basalt.gate.rpc.RpcParameter.text;
import static io.basalt.gate.rpc.RpcParameter.word;

import io.basalt.gate.balance.BalanceSettings;
import io.basalt.gate.balance.Balancing;
import io.basalt.gate.rpc.ControllerHost;
import io.basalt.gate.rpc.Json;
import io.basalt.gate.rpc.RpcCall;
import io.basalt.gate.rpc.RpcDispatcher;
import io.basalt.gate.rpc.RpcError;
import io.basalt.gate.rpc.RpcMethod;
import java.util.List;
import tools.jackson.databind.JsonNode;

/// Which reactor a queue lives on: `framework_set_scheduler`, `framework_get_scheduler`,
/// `vhost_controller_move_queue`. SPDK's names where it has some; its scheduler `dynamic` moves threads,
/// this one queues.
final class SchedulerMethods {
    /// The method that chooses when queues move.
    static final String SET_SCHEDULER = "framework_set_scheduler";

    private static final String STATIC = "static";
    private static final String DYNAMIC = "dynamic";
    private static final long US_NS = 1_000;

    private final Balancing balancing;
    private final ControllerHost controllers;
    private final ChosenSettings chosen;
    private final LiveConfiguration configuration;

    SchedulerMethods(
            Balancing balancing, ControllerHost controllers, ChosenSettings chosen, LiveConfiguration configuration) {
        this.balancing = balancing;
        this.controllers = controllers;
        this.chosen = chosen;
        this.configuration = configuration;
    }

    void register(RpcDispatcher dispatcher) {
        dispatcher.register(RpcMethod.of(
                SET_SCHEDULER,
                "Choose whether queues move from busy reactors to idle ones; kept over restarts",
                List.of(
                        word("name", List.of(STATIC, DYNAMIC), "queues stay where they are, or move")
                                .must(),
                        integer("period", 10_000, 3_600_000_000L, "how often it is looked, in microseconds"),
                        integer("load_limit", 1, 99, "a reactor takes queues while it is less busy, in percent"),
                        integer("core_limit", 1, 99, "and none that would make it busier than this, in percent"),
                        integer("core_busy", 1, 99, "a reactor gives queues away while it is busier, in percent"),
                        integer("periods", 1, 3600, "for how many looks in a row")),
                this::set));
        dispatcher.register(RpcMethod.of(
                "framework_get_scheduler", "Tell when queues move, and how many have", List.of(), _ -> describe()));
        dispatcher.register(RpcMethod.deferring(
                "vhost_controller_move_queue",
                "Have a queue that runs live on another reactor; not kept over restarts",
                List.of(
                        text("ctrlr", "name of the controller").must(),
                        integer("queue", 0, 255, "number of the queue").must(),
                        integer("lcore", 0, Integer.MAX_VALUE, "id of a data reactor")
                                .must()),
                this::move));
    }

    private JsonNode set(RpcCall call) {
        final BalanceSettings before = balancing.settings();
        final BalanceSettings next;
        try {
            next = new BalanceSettings(
                    call.text("name").equals(DYNAMIC),
                    call.integer("period", before.periodNs() / US_NS) * US_NS,
                    (int) call.integer("load_limit", before.idleBelowPercent()),
                    (int) call.integer("core_limit", before.filledToPercent()),
                    (int) call.integer("core_busy", before.busyAbovePercent()),
                    (int) call.integer("periods", before.periods()));
        } catch (IllegalArgumentException unfit) {
            throw RpcError.invalidParameter(
                    "core_busy",
                    String.valueOf(unfit.getMessage()),
                    "a reactor that gives must be busier than one that takes");
        }
        balancing.start(next);
        chosen.scheduler(next);
        configuration.changed(LiveConfiguration.FRAMEWORK, ChosenSettings.SCHEDULER);
        return Json.truth(true);
    }

    private JsonNode describe() {
        final BalanceSettings settings = balancing.settings();
        return Json.object()
                .put("scheduler_name", settings.on() ? DYNAMIC : STATIC)
                .put("scheduler_period", settings.periodNs() / US_NS)
                .put("load_limit", settings.idleBelowPercent())
                .put("core_limit", settings.filledToPercent())
                .put("core_busy", settings.busyAbovePercent())
                .put("periods", settings.periods())
                .put("moves", balancing.moves())
                .put("failed_moves", balancing.failures());
    }

    private void move(RpcCall call) {
        final String name = call.text("ctrlr");
        if (controllers.find(name) == null) {
            call.fail(RpcError.invalidParameter(
                    "ctrlr", "there is no controller '" + name + "'", "vhost_get_controllers lists those there are"));
            return;
        }
        controllers.moveQueue(name, (int) call.integer("queue"), (int) call.integer("lcore"), refusal -> {
            if (refusal == null) {
                call.answerTrue();
            } else {
                call.fail(RpcError.invalidParameter(
                        "queue", refusal, "vhost_get_controllers lists queues, framework_get_reactors reactors"));
            }
        });
    }
}
