package io.hostmesh.agent.redirect;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.model.hocon.HoconException;
import io.hostmesh.model.hocon.Origin;
import io.hostmesh.runtime.admin.AuditLog;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** {@code hostmesh-agent capture} on a host without an agent: what it does, says, and ends with. */
class CaptureCommandTest {
  private record Said(int status, String out, String error) {}

  @TempDir Path folder;
  private TestHost host;
  private CaptureCommand.Configuration configuration = (_, _) -> configured();
  private CaptureSettings.OnStop onStop = CaptureSettings.OnStop.CLOSED;

  @BeforeEach
  void make() throws Exception {
    Files.createDirectory(folder.resolve("state"));
    host = TestHost.make("hmt-capture-cmd");
  }

  @AfterEach
  void end() {
    host.close();
  }

  private AuditLog audit() {
    return new AuditLog(
        folder.resolve("state/audit.log"),
        "agent",
        AuditLog.Settings.DEFAULT,
        InstantSource.system());
  }

  private CaptureCommand.Configured configured() {
    return new CaptureCommand.Configured(
        CaptureBackend.NFT, folder, TestPlan.mesh(), Duration.ofMinutes(2), onStop, audit());
  }

  /** Standard streams are the process's: these tests run one after the other. */
  private Said capture(String... arguments) throws Exception {
    PrintStream out = System.out;
    PrintStream err = System.err;
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    ByteArrayOutputStream error = new ByteArrayOutputStream();
    System.setOut(new PrintStream(said, true, StandardCharsets.UTF_8));
    System.setErr(new PrintStream(error, true, StandardCharsets.UTF_8));
    try {
      CommandLine line = new CommandLine(new CaptureCommand(configuration, folder, audit()));
      line.setExecutionExceptionHandler(
          (failure, _, _) -> {
            System.err.println(failure.getMessage());
            return 2;
          });
      int status = host.call(() -> line.execute(arguments));
      return new Said(
          status, said.toString(StandardCharsets.UTF_8), error.toString(StandardCharsets.UTF_8));
    } finally {
      System.setOut(out);
      System.setErr(err);
    }
  }

  private boolean kernelHasRules() throws Exception {
    return host.shell("nft list ruleset; ip rule; ip route show table all").contains("hostmesh");
  }

  private void isOff() throws Exception {
    assertThat(capture("status")).isEqualTo(new Said(3, "Capture is off.\n", ""));
    assertThat(kernelHasRules()).isFalse();
  }

  @Test
  void onConfirmedAndOff() throws Exception {
    isOff();

    Said on = capture("enable");
    assertThat(on.status()).isZero();
    assertThat(on.out())
        .isEqualTo(
            "Capture is on by nft, for 120 s: if this session still works, say 'hostmesh-agent"
                + " capture confirm'.\n");
    assertThat(kernelHasRules()).isTrue();
    assertThat(capture().out())
        .startsWith("Capture is on by nft, unconfirmed.\n")
        .contains("names:  not captured")
        .contains("routes: 240.0.0.0/4");

    assertThat(capture("confirm")).isEqualTo(new Said(0, "Confirmed.\n", ""));
    assertThat(capture("confirm").out()).startsWith("Nothing waits to be confirmed");
    assertThat(capture("status").out()).startsWith("Capture is on by nft.\n");

    assertThat(capture("disable").out()).contains("nothing of it is left in the kernel");
    isOff();
  }

  @Test
  void yesNeedsNoConfirmation() throws Exception {
    assertThat(capture("enable", "--yes")).isEqualTo(new Said(0, "Capture is on by nft.\n", ""));
    assertThat(capture("undo-unconfirmed").status()).isZero();
    assertThat(capture("status").status()).isZero();
    assertThat(capture("dns-open").out()).contains("no longer captured");
    assertThat(capture("disable", "--forget").status()).isZero();
    isOff();
  }

  @Test
  void whatWasNotConfirmedIsUndone() throws Exception {
    assertThat(capture("enable").status()).isZero();
    assertThat(capture("undo-unconfirmed").status()).isZero();
    isOff();
  }

  @Test
  void aStopObeysTheConfiguration() throws Exception {
    assertThat(capture("enable", "--yes").status()).isZero();
    assertThat(capture("stopped").out()).startsWith("Questions for names are no longer captured");
    assertThat(kernelHasRules()).isTrue();

    onStop = CaptureSettings.OnStop.OPEN;
    assertThat(capture("stopped"))
        .isEqualTo(new Said(0, "Capture is off (capture.on-stop = open).\n", ""));
    isOff();
  }

  @Test
  void aConfigurationThatCannotBeReadKeepsNobodyFromUndoing() throws Exception {
    assertThat(capture("enable", "--yes").status()).isZero();
    HoconException mistake =
        new HoconException(new Origin("agent.conf", 3, "capture.bakend"), "unknown key");
    configuration =
        (_, _) -> {
          throw mistake;
        };

    assertThat(capture("enable")).isEqualTo(new Said(2, "", mistake.getMessage() + "\n"));
    assertThat(capture("stopped").out()).startsWith("Questions for names are no longer captured");
    assertThat(kernelHasRules()).isTrue();
    Said undone = capture("disable");
    assertThat(undone.status()).isZero();
    assertThat(undone.error())
        .isEqualTo("hostmesh-agent: " + mistake.getMessage() + " (going on without it)\n");
    configuration = (_, _) -> configured();
    isOff();
  }

  @Test
  void eachChangeIsInTheAuditLogAndQuestionsAreNot() throws Exception {
    assertThat(capture("enable").status()).isZero();
    assertThat(capture("confirm").status()).isZero();
    assertThat(capture("status").status()).isZero();
    assertThat(capture("disable").status()).isZero();

    List<JsonObject> changes = audit().last(10, Instant.EPOCH);
    assertThat(changes)
        .extracting(change -> change.getString("action") + " " + change.getString("result"))
        .containsExactly("capture enable done", "capture confirm done", "capture disable done");
    assertThat(changes)
        .extracting(change -> change.getJsonObject("who"))
        .allMatch(who -> who.getString("user").equals("root") && who.getInteger("uid") == 0);
  }

  @Test
  void withoutAnAuditLogNothingIsCapturedButMuchIsUndone() throws Exception {
    assertThat(capture("enable", "--yes").status()).isZero();
    Files.delete(folder.resolve("state/audit.log"));
    Files.delete(folder.resolve("state"));
    Said again = capture("enable", "--yes");
    assertThat(again.status()).isEqualTo(2);
    assertThat(again.error()).contains("the audit log cannot be written");

    Said undone = capture("disable");
    assertThat(undone.status()).isZero();
    assertThat(undone.error())
        .startsWith("hostmesh-agent: capture disable goes on without its line in the audit log: ");
    isOff();
  }
}
