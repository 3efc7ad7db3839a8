package io.basalt.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.cli.fake.FakeGate;
import io.basalt.cli.fake.FakeMetaserver;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AttachCommandTest {
    private static final String VM1 =
            "{'name':'vm1','sizeBytes':1073741824,'attached':true,'gate':'gate-b'," + "'socket':'/run/b/vm1'}";

    @TempDir
    Path folder;

    private FakeMetaserver meta;
    private FakeGate gate;

    @BeforeEach
    void start() {
        gate = new FakeGate(folder);
        meta = new FakeMetaserver()
                .on("GET /v1/volumes/vm1", 200, VM1)
                .on("GET /v1/volumes?limit=1000", 200, "{'volumes':[" + VM1 + "]}")
                .refuse("GET /v1/volumes/vm", 404, "NOT_FOUND", "volume", "none", "");
    }

    @AfterEach
    void stop() {
        gate.close();
        meta.close();
    }

    private CommandRun run(String... words) {
        return CommandRun.of(
                List.of(words),
                List.of(
                        "--url",
                        meta.url(),
                        "--token-file",
                        FakeMetaserver.tokenFile(folder).toString(),
                        "--rpc-socket",
                        gate.socket().toString()));
    }

    @Test
    void servesAVolumeAndSaysHowToStartAGuest() {
        final CommandRun run = run("attach", "vm1");

        assertThat(run.out()).isEqualTo("""
            attached vm1
            socket /run/basalt/vhost/vm1

            qemu-system-x86_64 -machine q35,accel=kvm:tcg,memory-backend=mem -m 2G -smp 4 \\
              -object memory-backend-memfd,id=mem,size=2G,share=on \\
              -chardev socket,id=d0,path=/run/basalt/vhost/vm1,reconnect=1 \\
              -device vhost-user-blk-pci,chardev=d0,num-queues=4
            """);
        assertThat(run.code()).isZero();
        assertThat(gate.calls())
                .containsExactly(
                        "bdev_basalt_create {\"name\":\"vm1\",\"volume\":\"vm1\"}",
                        "vhost_create_blk_controller {\"ctrlr\":\"vm1\",\"dev_name\":\"vm1\","
                                + "\"readonly\":false,\"packed_ring\":false}");
        assertThat(meta.changes()).isEmpty();
    }

    @Test
    void printsOnlyTheSocketForScripts() {
        assertThat(run("attach", "vm1", "-o", "name").out()).isEqualTo("/run/basalt/vhost/vm1\n");
        assertThat(run("attach", "vm1", "-o", "wide", "--queues", "2").out())
                .contains("num-queues=2", "<disk type='vhostuser'", "path='/run/basalt/vhost/vm1'");
        run("attach", "vm1", "--take-over");
        assertThat(gate.calls())
                .contains("bdev_basalt_create {\"name\":\"vm1\",\"volume\":\"vm1\",\"take_over\":true}");
        assertThat(run("attach", "vm1", "--json").out()).contains("\"socket\" : \"/run/basalt/vhost/vm1\"");
    }

    @Test
    void undoesTheFirstStepWhenTheSecondIsRefused() {
        gate.refuse(
                "vhost_create_blk_controller",
                "{'code':-17,'message':'File exists','data':{'field':'ctrlr','reason':'taken','hint':'delete it'}}");

        final CommandRun run = run("attach", "vm1");

        assertThat(run.code()).isEqualTo(4);
        assertThat(run.err()).isEqualTo("basalt: ctrlr: taken\n  delete it\n");
        assertThat(gate.calls().getLast()).isEqualTo("bdev_basalt_delete {\"name\":\"vm1\"}");
    }

    @Test
    void guessesTheVolumeThatTheGateDoesNotKnow() {
        gate.refuse(
                "bdev_basalt_create",
                "{'code':-19,'message':'No such device','data':{'field':'volume','reason':'none','hint':''}}");

        final CommandRun run = run("attach", "vm");

        assertThat(run.code()).isEqualTo(3);
        assertThat(run.err()).isEqualTo("basalt: there is no volume 'vm'\n  did you mean 'vm1'?\n");
    }

    @Test
    void rehearsesWithoutTouchingTheGate() {
        assertThat(run("attach", "vm1", "--dry-run").out()).contains("if it is not in use at gate-b");
        assertThat(run("attach", "vm1", "--dry-run", "--take-over").out())
                .isEqualTo("would attach vm1 to the gate at " + gate.socket() + ", taking it from gate-b\n");
        assertThat(gate.calls()).isEmpty();
    }

    @Test
    void asksAnotherHostsGateThroughTheMetaserver() {
        meta.on("POST /v1/volumes/vm1/attach", 200, VM1);

        assertThat(run("attach", "vm1", "--gate", "gate-b").out())
                .startsWith("attached vm1 to gate-b\nsocket /run/b/vm1\n");
        assertThat(meta.changes()).containsExactly("POST /v1/volumes/vm1/attach {\"gate\":\"gate-b\"}");
        assertThat(run("attach", "vm1", "--gate", "gate-b", "--packed").code()).isEqualTo(2);
    }

    @Test
    void detachesWhatItAttached() {
        run("attach", "vm1");

        assertThat(run("detach", "vm1", "--dry-run").out()).isEqualTo("would detach vm1\n");
        assertThat(run("detach", "vm1").out()).isEqualTo("detached vm1\n");
        final CommandRun again = run("detach", "vm1");
        assertThat(again.code()).isEqualTo(3);
        assertThat(again.err()).contains("there is no attachment of 'vm1'", "--remote");
        assertThat(run("detach", "vm1", "--if-exists").code()).isZero();
    }

    @Test
    void takesAVolumeAwayOnlyWhenConfirmed() {
        meta.on("POST /v1/volumes/vm1/detach", 200, VM1);

        assertThat(run("detach", "vm1", "--force").code()).isEqualTo(2);
        assertThat(meta.changes()).isEmpty();
        assertThat(run("detach", "vm1", "--force", "--yes").out()).isEqualTo("detached vm1 from gate-b\n");
        assertThat(meta.changes()).containsExactly("POST /v1/volumes/vm1/detach {\"force\":true}");
    }

    @Test
    void saysWhenNoGateAnswers() {
        final CommandRun run = CommandRun.of(
                "attach", "vm1", "--rpc-socket", folder.resolve("none").toString());

        assertThat(run.code()).isEqualTo(5);
        assertThat(run.err()).contains(folder.resolve("none").toString(), "is a gate running there?");
    }
}
