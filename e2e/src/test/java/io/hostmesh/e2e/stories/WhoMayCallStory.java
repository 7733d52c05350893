package io.hostmesh.e2e.stories;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Identities are the kernel's word, access rules hold wherever a call comes from. */
class WhoMayCallStory {
  private static final String STATUS = "curl -sS --max-time 10 -w '\\n%{http_code}' ";

  private static Lab lab = Lab.named("access");

  @BeforeAll
  static void up() throws IOException {
    lab = Lab.up("access");
    Programs.echo(lab, "h2", "vault", 8080, "vault");
    lab.hostmesh("node", "allow", "h1", "teller").ok();
    lab.apply("kind = access, service = vault, allow = [ { from = teller, methods = [ GET ] } ]")
        .ok();
  }

  @AfterAll
  static void down() throws IOException {
    lab.close();
  }

  @Test
  void onlyWhoIsNamedGetsInAndOnlyAsNamed() throws IOException {
    assertThat(lab.as("teller", "h1", STATUS + "http://vault.mesh/").out()).endsWith("\n200");
    assertThat(lab.as("teller", "h1", STATUS + "-d x http://vault.mesh/").out()).endsWith("\n403");
    assertThat(lab.as("robber", "h1", STATUS + "http://vault.mesh/").out())
        .contains("vault")
        .endsWith("\n403");
    assertThat(lab.as("robber", "h2", STATUS + "http://vault.mesh/").out()).endsWith("\n403");
  }

  @Test
  void aDenyOfTheNamespaceWinsAndRulesOnTrialAreOnlyCounted() throws Exception {
    lab.apply(
            """
            kind = access, namespace = default, service = "*"
            deny = [ { name = closed, from = teller, paths = "/closed*" }
                     { name = trial, dry-run = true, from = teller } ]
            audit = [ { name = seen, from = teller, headers { x-audit = "*" } } ]
            """)
        .ok();
    try {
      assertThat(lab.as("teller", "h1", STATUS + "-H 'x-audit: 1' http://vault.mesh/").out())
          .endsWith("\n200");
      assertThat(lab.as("teller", "h1", STATUS + "http://vault.mesh/%63losed").out())
          .contains("closed")
          .endsWith("\n403");
      assertThat(lab.on("h2", "curl -sf http://127.0.0.1:15020/metrics").ok().lines())
          .anyMatch(line -> decision(line, "dry_run_deny", "access/default/*#trial"))
          .anyMatch(line -> decision(line, "audit", "access/default/*#seen"))
          .anyMatch(line -> decision(line, "deny", "access/default/*#closed"))
          .anyMatch(line -> decision(line, "allow", "access/default/vault#allow[0]"));
      assertThat(lab.hostmesh("get", "access", "default/*").ok().out()).contains("closed");
    } finally {
      lab.hostmesh("delete", "access", "default/*").ok();
    }
  }

  private static boolean decision(String line, String decision, String rule) {
    return line.startsWith("hostmesh_access_decisions_total")
        && line.contains("decision=\"" + decision + "\"")
        && line.contains("rule=\"" + rule + "\"");
  }

  @Test
  void anOpenConnectionEndsWithinTwoSecondsOfItsRule() throws Exception {
    Watched.serveLines(lab, "h2", "till", 8090);
    try (Watched call = Watched.connection(lab, "h1", "teller", "till", 8090)) {
      lab.apply("kind = access, service = till, deny = [ { from = teller } ]").ok();
      long applied = System.currentTimeMillis();
      long after = call.over() - applied;
      System.out.println("a connection ended " + after + " ms after apply said that it holds");
      assertThat(after).isLessThan(2_000);
    }
  }

  @Test
  void aServiceMayTakePlaintextWhereTheOthersDoNot() throws Exception {
    Programs.echo(lab, "h2", "lobby", 8095, "lobby");
    String outside = "curl -sS --max-time 10 http://10.99.0.12:8095/";
    assertThat(lab.on("hub", outside).out()).doesNotContain("lobby GET");
    lab.apply("kind = mode, service = lobby, ports { 8095 = permissive }").ok();
    assertThat(lab.on("hub", outside).ok().out()).startsWith("lobby GET");
    Lab.within(
        Duration.ofSeconds(15),
        "status to list who speaks plaintext",
        () -> lab.hostmesh("status").out().contains(" to lobby: 1 calls"));
    lab.apply("kind = mode, service = lobby, mode = disabled").ok();
    assertThat(lab.as("teller", "h1", "curl -sS --max-time 10 http://lobby.mesh/").ok().out())
        .startsWith("lobby GET")
        .doesNotContain("spiffe:");
    lab.hostmesh("delete", "mode", "lobby").ok();
    assertThat(lab.as("teller", "h1", "curl -sS --max-time 10 http://lobby.mesh/").ok().out())
        .contains("svc/teller");
    assertThat(lab.on("hub", outside).out()).doesNotContain("lobby GET");
  }

  @Test
  void aProcessOfNoServiceIsRefusedWithASentence() throws IOException {
    Lab.Result refusal = lab.on("h1", STATUS + "http://vault.mesh/");

    assertThat(refusal.out()).endsWith("\n403").containsIgnoringCase("no service");
  }

  @Test
  void theNeighboursPortOnLoopbackObeysTheRuleAsWell() throws IOException {
    assertThat(lab.as("teller", "h2", STATUS + "http://127.0.0.1:8080/").out()).endsWith("\n200");
    assertThat(lab.as("robber", "h2", STATUS + "http://127.0.0.1:8080/").out())
        .doesNotContain("vault GET")
        .doesNotEndWith("\n200");
    assertThat(lab.on("h2", STATUS + "http://127.0.0.1:8080/").out())
        .doesNotContain("vault GET")
        .doesNotEndWith("\n200");
  }

  @Test
  void theServicesPortIsClosedToTheOutside() throws IOException {
    assertThat(lab.on("hub", STATUS + "http://10.99.0.12:8080/").out())
        .doesNotContain("vault GET")
        .doesNotEndWith("\n200");
  }

  @Test
  void aForgedIdentityIsStripped() throws IOException {
    assertThat(
            lab.as(
                    "teller",
                    "h1",
                    "curl -sS --max-time 10 -H 'x-forwarded-client-cert: URI=spiffe://hostmesh.local/king'"
                        + " http://vault.mesh/")
                .ok()
                .out())
        .contains("svc/teller")
        .doesNotContain("king");
  }

  @Test
  void whoBindsAStoppedServicesPortIsRefusedAndLogged() throws Exception {
    Programs.echo(lab, "h2", "kiosk", 8085, "kiosk");
    String call = STATUS + "http://kiosk.mesh/";
    assertThat(lab.as("teller", "h1", call).out()).endsWith("\n200");
    String group =
        Lab.run("", List.of("sh", "-c", "find /sys/fs/cgroup -type d -path '*h2/kiosk/8085'"))
            .ok()
            .out()
            .strip();
    Lab.run("", List.of("sh", "-c", "kill -9 $(cat " + group + "/cgroup.procs)")).ok();

    try (AutoCloseableProcess _ =
        AutoCloseableProcess.start(
            lab.command(
                "lab",
                "exec",
                "h2",
                "--as",
                "robber",
                "--",
                "python3",
                Programs.script("echo.py").toString(),
                "8085",
                "squatter"))) {
      Lab.within(
          Duration.ofSeconds(15),
          "the squatter to listen",
          () -> lab.on("h2", "ss -Hltn 'sport = :8085'").out().contains("8085"));
      Lab.within(
          Duration.ofSeconds(20),
          "the refusal to be logged",
          () -> {
            assertThat(lab.as("teller", "h1", call).out()).doesNotContain("squatter GET");
            return lab.log("h2").contains("8085") && lab.log("h2").contains("kiosk");
          });
    }
  }

  @Test
  void diffSaysByItsStatusWhetherSomethingWouldChange() throws IOException {
    String here =
        "kind = access, service = vault, allow = [ { from = teller, methods = [ GET ] } ]";
    String other = "kind = access, service = vault, allow = []";
    lab.apply(here).ok();

    assertThat(lab.hostmeshWith(here, "diff", "--exit-code", "-f", "-").status()).isZero();
    assertThat(lab.hostmeshWith(other, "diff", "--exit-code", "-f", "-").status()).isEqualTo(3);
    assertThat(lab.hostmeshWith(other, "diff", "-f", "-").status()).isZero();
  }

  @Test
  void badRulesAreRefusedWholeWithTheirPlace() throws IOException {
    assertThat(lab.apply("kind = route, service = vault\nrules = [ { to = [ { subset = v9 } ] } ]"))
        .satisfies(r -> assertThat(r.status()).isNotZero())
        .extracting(Lab.Result::out)
        .asString()
        .contains("standard input:2")
        .contains("v9")
        .doesNotContain("at io.hostmesh");
    assertThat(lab.apply("kind = access, service = vault, allow = [], alow = []").out())
        .contains("alow")
        .contains("allow");
    assertThat(lab.apply("kind = route, service = nowhere\nrules = []").status()).isNotZero();
    assertThat(
            lab.apply(
                    "kind = route, service = vault\nsubsets { a { x = y } }\n"
                        + "rules = [ { to = [ { subset = a, weight = -1 } ] } ]")
                .out())
        .contains("weight");
    assertThat(lab.hostmesh("get", "route").ok().out()).contains("no rules");
    assertThat(lab.as("teller", "h1", STATUS + "http://vault.mesh/").out()).endsWith("\n200");
  }

  @Test
  void aBadRuleInTheRegistryLeavesTheLastGoodOneInForce() throws Exception {
    lab.kv(
            "PUT",
            "rules/access/default/vault",
            "kind = access, service = vault, allow = [ { fro = robber } ]")
        .ok();
    Lab.within(
        Duration.ofSeconds(10),
        "pilot to say so",
        () -> lab.hostmesh("get").out().contains("last-good"));

    assertThat(lab.as("teller", "h1", STATUS + "http://vault.mesh/").out()).endsWith("\n200");
    assertThat(lab.as("robber", "h1", STATUS + "http://vault.mesh/").out()).endsWith("\n403");
    lab.apply("kind = access, service = vault, allow = [ { from = teller, methods = [ GET ] } ]")
        .ok();
    assertThat(lab.hostmesh("get").ok().out()).doesNotContain("last-good");
  }

  @Test
  void aServiceThatTheNodeIsNotEntitledToGetsNoCertificate() throws Exception {
    Path declaration = lab.dir().resolve("hosts/h1/services.d/pretender.conf");
    Files.writeString(declaration, "service { name = pretender, workload { user = root } }");
    try {
      Lab.within(
          Duration.ofSeconds(20),
          "the refusal to be logged",
          () -> lab.log("h1").contains("node h1 is not entitled to the service pretender"));
      assertThat(lab.on("h1", STATUS + "http://vault.mesh/").out())
          .contains("pretender has no certificate")
          .endsWith("\n503");
      assertThat(lab.hostmesh("status").ok().out()).doesNotContain("svc/pretender");
    } finally {
      Files.delete(declaration);
    }
  }
}
