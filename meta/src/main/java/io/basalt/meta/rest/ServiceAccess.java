package io.basalt.meta.rest;

import io.basalt.meta.log.Replica;
import io.basalt.meta.service.MetaService;
import io.basalt.meta.service.ResultListener;
import io.basalt.meta.state.CommandResult;
import io.basalt.meta.state.MetaCommand;
import io.basalt.meta.state.TokenRecord;
import io.basalt.net.meta.MetaReply;
import io.basalt.reactor.Reactor;
import io.basalt.wire.meta.MetaCode;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The way from the API's threads to the service's reactor and back: posts, and waits with a bound. Any
/// thread but the reactor's own.
final class ServiceAccess {
    private final Reactor reactor;
    private final MetaService service;
    private final Duration timeout;

    /// @param timeout how long an answer is waited for
    ServiceAccess(Reactor reactor, MetaService service, Duration timeout) {
        this.reactor = reactor;
        this.service = service;
        this.timeout = timeout;
    }

    /// How long an answer is waited for, in nanoseconds.
    long timeoutNs() {
        return timeout.toNanos();
    }

    /// The tokens that are allowed. Any thread.
    List<TokenRecord> tokens() {
        return service.tokens();
    }

    /// Have a command applied, and look at what it led to, with one way to the reactor and back.
    ///
    /// @param command makes the command
    /// @param look at the service after it was applied
    /// @throws Problem if it was refused
    <T> T propose(Function<MetaService, MetaCommand> command, BiFunction<MetaService, CommandResult, T> look) {
        return await(future -> {
            requireLeading();
            requireRoom();
            service.propose(command.apply(service), result -> {
                if (!result.done()) {
                    future.completeExceptionally(Problem.of(result));
                    return;
                }
                complete(future, () -> look.apply(service, result));
            });
        });
    }

    /// The REST API of the replica that leads, without a slash at the end; null if that is this one, or not known.
    /// Any thread.
    @Nullable
    String leaderUrl() {
        final Replica leader = service.leader();
        return leader == null || leader.rest() == null ? null : "http://" + leader.rest();
    }

    private void requireLeading() {
        if (!service.leads()) {
            throw Problem.notLeader(service.standing());
        }
    }

    private void requireRoom() {
        if (service.overloaded()) {
            throw new Problem(429, "OVERLOADED", "metaserver", "has too much to do", "ask again later");
        }
    }

    private static <T> void complete(CompletableFuture<T> future, Supplier<T> value) {
        final T answer;
        try {
            answer = value.get();
        } catch (Problem e) {
            future.completeExceptionally(e);
            return;
        }
        future.complete(answer);
    }

    /// Look at the service, in its reactor; only while it leads.
    <T> T read(Function<MetaService, T> look) {
        return look(service -> {
            requireLeading();
            return look.apply(service);
        });
    }

    /// Look at the service, in its reactor, whatever its standing.
    <T> T look(Function<MetaService, T> look) {
        return await(future -> complete(future, () -> look.apply(service)));
    }

    /// Have a command applied.
    ///
    /// @throws Problem if it was refused
    CommandResult propose(MetaCommand command) {
        return result((which, listener) -> which.propose(command, listener));
    }

    /// Do something that ends with a command's result.
    ///
    /// @throws Problem if it was refused
    CommandResult result(BiConsumer<MetaService, ResultListener> action) {
        final CommandResult result = await(future -> {
            requireLeading();
            requireRoom();
            action.accept(service, future::complete);
        });
        if (!result.done()) {
            throw Problem.of(result);
        }
        return result;
    }

    /// Do something that ends with a reply.
    ///
    /// @throws Problem if it was refused
    <T> T reply(BiConsumer<MetaService, MetaReply<T>> action) {
        return await(future -> {
            requireLeading();
            action.accept(service, new MetaReply<>() {
                @Override
                public void done(T answer) {
                    future.complete(answer);
                }

                @Override
                public void refused(MetaCode code, String reason) {
                    future.completeExceptionally(Problem.of(code, reason));
                }
            });
        });
    }

    private <T> T await(Consumer<CompletableFuture<T>> action) {
        final CompletableFuture<T> future = new CompletableFuture<>();
        reactor.post(() -> {
            try {
                action.accept(future);
            } catch (Problem e) {
                future.completeExceptionally(e);
            }
        });
        try {
            return future.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Problem problem) {
                throw problem;
            }
            throw new IllegalStateException("a request failed in the reactor", e.getCause());
        } catch (TimeoutException e) {
            throw Problem.unavailable(
                    "did not answer within " + timeout.toSeconds() + " s; the request may yet have its effect",
                    "ask again with the same Idempotency-Key");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Problem.unavailable("is stopping", "ask again");
        }
    }
}
