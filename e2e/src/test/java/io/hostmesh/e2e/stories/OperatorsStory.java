package io.hostmesh.e2e.stories;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Operators work from other hosts with certificates, rules need their signature, and each change is
 * written down; the daemons have no more rights and no weaker doors than they need.
 */
class OperatorsStory {
  private static final String HUB = "10.99.0.1";
  private static final String HOST = "10.99.0.11";
  private static final String STATUS = "curl -sS --max-time 10 -o /dev/null -w '%{http_code}' ";
  private static final String ACCESS = "rules/access/default/vault";
  private static final String OPEN =
      "kind = access, service = vault, allow = [ { from = robber } ]";
  private static final String CLOSED =
      "kind = access, service = vault, allow = [ { from = teller } ]";

  private static Lab lab = Lab.named("operators");

  @BeforeAll
  static void up() throws IOException {
    lab =
        Lab.up(
            "operators",
            "--hosts",
            "1",
            "--",
            "pilot.rules.signed=true",
            "pilot.admin.listen=\"0.0.0.0:15013\"",
            "citadel.admin.listen=\"0.0.0.0:15015\"",
            "citadel.federation.listen=\"0.0.0.0:15016\"");
    Programs.echo(lab, "h1", "vault", 8080, "vault");
    for (String role : List.of("viewer", "editor", "admin")) {
      lab.hostmesh("operator", "create", "ann", "--role", role, "--out", identity(role)).ok();
    }
  }

  @AfterAll
  static void down() throws IOException {
    lab.close();
  }

  private static String identity(String role) {
    return lab.dir().resolve("state/ann-" + role).toString();
  }

  /** The command on the host h1, which reaches pilot and citadel by the network only. */
  private static Lab.Result remote(String role, String arguments) throws IOException {
    return lab.on(
        "h1",
        Lab.ROOT.resolve("hostmesh")
            + (" --remote pilot=" + HUB + ":15013 --remote citadel=" + HUB + ":15015 --identity ")
            + identity(role)
            + " "
            + arguments);
  }

  private static String rule(String text) throws IOException {
    Path file = lab.dir().resolve("state/rule.conf");
    Files.writeString(file, text);
    return file.toString();
  }

  private static String answerTo(String service) throws IOException {
    return lab.as(service, "h1", STATUS + "http://vault.mesh/").out();
  }

  private static void alarmed(String sentence) throws Exception {
    Lab.within(
        Duration.ofSeconds(20),
        "an alarm: " + sentence,
        () -> lab.hostmesh("status").out().contains(sentence));
  }

  @Test
  void onlySignedRulesHoldWhateverIsWrittenToTheRegistry() throws Exception {
    assertThat(remote("viewer", "status").ok().out()).contains("h1");
    assertThat(remote("viewer", "apply --sign -f " + rule(OPEN)).out())
        .contains("POST /v1/rules needs editor");
    assertThat(remote("editor", "apply -f " + rule(CLOSED)).out()).contains("apply --sign");
    remote("editor", "apply --sign -f " + rule(CLOSED)).ok();
    assertThat(answerTo("teller")).isEqualTo("200");
    assertThat(answerTo("robber")).isEqualTo("403");
    String first = lab.kv("GET", ACCESS + "?raw", "").ok().out();
    remote("editor", "apply --sign -f " + rule(CLOSED + "\n# again")).ok();

    lab.kv("PUT", ACCESS, OPEN).ok();
    alarmed("it has no operator's signature");
    lab.kv("PUT", ACCESS, first.replace("teller", "robber")).ok();
    alarmed("its signature is for another text");
    lab.kv("PUT", ACCESS, first).ok();
    alarmed("it was rolled back");
    lab.kv("DELETE", ACCESS, "").ok();
    alarmed("deleted in the registry without an operator's signature");
    assertThat(answerTo("robber")).isEqualTo("403");
    assertThat(answerTo("teller")).isEqualTo("200");

    assertThat(remote("editor", "delete access vault").out()).contains("operator's signature");
    remote("editor", "apply --sign -f " + rule(CLOSED)).ok();
    remote("admin", "delete access vault --sign").ok();
    assertThat(answerTo("robber")).isEqualTo("200");

    aKvWriterSendsNothingElsewhere();

    assertThat(remote("viewer", "audit --since 10m").ok().out())
        .contains("operator/editor/ann")
        .contains("access vault")
        .contains("operator spiffe://hostmesh.local/operator/viewer/ann")
        .contains("refused: rules.signed");
  }

  /** Nor does it open what is strict. */
  private static void aKvWriterSendsNothingElsewhere() throws Exception {
    Programs.echo(lab, "h1", "thief", 8081, "thief");
    lab.kv(
            "PUT",
            "rules/route/default/vault",
            "kind = route, service = vault, rules = [ { to = [ { service = thief } ] } ]")
        .ok();
    lab.kv("PUT", "rules/mode/default/vault", "kind = mode, service = vault, mode = disabled").ok();
    Lab.within(
        Duration.ofSeconds(20),
        "both to be refused",
        () -> lab.hostmesh("status").out().split("it has no operator's signature", -1).length == 3);
    assertThat(lab.as("teller", "h1", "curl -sS --max-time 10 http://vault.mesh/").out())
        .startsWith("vault");
    assertThat(lab.on("hub", STATUS + "http://" + HOST + ":8080/").out())
        .as("plaintext from another host")
        .isNotEqualTo("200");
    lab.kv("DELETE", "rules/route/default/vault", "").ok();
    lab.kv("DELETE", "rules/mode/default/vault", "").ok();
  }

  @Test
  void anOperatorIsNobodyInTheMesh() throws IOException {
    StringBuilder script = new StringBuilder();
    for (String door : List.of(HOST + ":15008", HUB + ":15010", HUB + ":15012")) {
      script.append(
          "curl -sS -k --max-time 5 --http2 --cert %1$s/operator.crt --key %1$s/operator.key https://%2$s/v1/status && echo in; "
              .formatted(identity("admin"), door));
    }
    assertThat(lab.on("hub", script + " true").ok().lines()).hasSize(3).doesNotContain("in");
    assertThat(remote("viewer", "token create").out()).contains("POST /v1/tokens needs admin");
    assertThat(remote("admin", "token create").ok().out()).contains(".");
  }

  /** The head of citadel's ledger is in the registry, and agrees with it. */
  @Test
  void theLedgersHeadIsInTheRegistry() throws Exception {
    Lab.within(
        Duration.ofSeconds(20),
        "all entries to be known there",
        () ->
            remote("viewer", "ca audit").out().matches("(?s)(\\d+) entries, intact.*knows \\1 .*"));
  }

  /** As the units of the packages have it. */
  @Test
  void eachDaemonHasTheCapabilitiesOfItsUnitAndNoWayToOthers() throws IOException {
    Map<String, String> capabilities =
        Map.of(
            "pilot", "0000000000000000",
            "citadel", "0000000000000000",
            "h1", "0000000000003000"); // CAP_NET_ADMIN, CAP_NET_RAW
    String daemons = lab.hostmesh("lab", "status", "--json").ok().out();
    for (Map.Entry<String, String> daemon : capabilities.entrySet()) {
      Matcher process =
          Pattern.compile("\"name\" : \"" + daemon.getKey() + "\",\\s+\"pid\" : (\\d+)")
              .matcher(daemons);
      assertThat(process.find()).as("%s in %s", daemon.getKey(), daemons).isTrue();
      assertThat(Files.readAllLines(Path.of("/proc", process.group(1), "status")))
          .as(daemon.getKey())
          .contains(
              "CapPrm:\t" + daemon.getValue(),
              "CapEff:\t" + daemon.getValue(),
              "CapBnd:\t" + daemon.getValue(),
              "CapAmb:\t" + daemon.getValue(),
              "NoNewPrivs:\t1");
    }
  }

  @Test
  void portsForRedirectedConnectionsAnswerNobodyWhoCallsThem() throws IOException {
    String call = "curl -sS --max-time 5 -o /dev/null -H 'Host: vault.mesh' http://";
    assertThat(
            lab.as(
                    "teller",
                    "h1",
                    call + "127.0.0.1:15001/ || " + call + "127.0.0.1:15006/ || echo refused")
                .out())
        .endsWith("refused\n");
    assertThat(
            lab.on("hub", call + HOST + ":15001/ || " + call + HOST + ":15006/ || echo refused")
                .out())
        .endsWith("refused\n");
  }

  /** Debian's sslscan looks at every port with TLS. */
  @Test
  void noPortSpeaksWeakTls() throws IOException {
    SortedMap<String, String> doors = new TreeMap<>();
    List.of("15010", "15012", "15013", "15015", "15016")
        .forEach(port -> doors.put(HUB + ":" + port, ""));
    doors.put(HOST + ":15008", "p8080.vault.default.dc1.hostmesh.local");
    for (Scan scan : Scan.all(lab, doors)) {
      // Bundles are read by others' programs too.
      scan.findsNothing(
          scan.door().endsWith(":15016") ? List.of("tls 1.2", "tls 1.3") : List.of("tls 1.3"));
    }
  }
}
