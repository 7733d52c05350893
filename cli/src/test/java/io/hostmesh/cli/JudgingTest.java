package io.hostmesh.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rules are judged and tried on a laptop: no daemon runs here. */
class JudgingTest {
  @TempDir private Path rules = Path.of("");

  private record Said(int status, String out) {}

  /** Standard output is the process's: these tests run one after the other. */
  private static Said run(String... arguments) {
    PrintStream out = System.out;
    PrintStream err = System.err;
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    PrintStream into = new PrintStream(said, true, StandardCharsets.UTF_8);
    System.setOut(into);
    System.setErr(into);
    try {
      int status = Hostmesh.run(arguments);
      return new Said(status, said.toString(StandardCharsets.UTF_8));
    } finally {
      System.setOut(out);
      System.setErr(err);
    }
  }

  @BeforeEach
  void write() throws IOException {
    Files.writeString(
        rules.resolve("route.conf"),
        """
        kind = route, service = greeter
        subsets { v1 { version = v1 }, v2 { version = v2 } }
        rules = [
          { name = testers, match { header { x-user = me } }, to = [ { subset = v2 } ] }
          { match { path = "/old/*" }, redirect { prefix = "/new/" } }
          { match { path = "/api/*" }, to = [ { service = api } ], rewrite { prefix = "/" } }
          { to = [ { subset = v1, weight = 2 }, { subset = v2, weight = 1 } ]
            timeout = 2s, retry { attempts = 3 }, mirror { service = audit, percent = 5% }
            fault { delay { time = 10ms, percent = 1% } }
            request-headers { set { x-stage = canary } } }
        ]
        """);
    Files.writeString(
        rules.resolve("access.conf"),
        "kind = access, service = greeter, allow = [ { from = web, methods = [ GET ] } ]");
  }

  private Said tried(String... arguments) {
    List<String> all = new ArrayList<>(List.of("try", "-f", rules.toString()));
    all.addAll(List.of(arguments));
    return run(all.toArray(String[]::new));
  }

  @Test
  void aRequestIsToldWhichRulesItMeets() {
    assertThat(tried("--from", "web", "--header", "X-User=me", "http://greeter.mesh/x").out())
        .contains("entry \"testers\"", "route.conf:4")
        .contains("subset v2 {version=v2} of greeter, 100 %")
        .contains("allowed by access/default/greeter#allow[0]");
    assertThat(tried("greeter.mesh/old/a?b=c").out())
        .contains("302 to /new/a")
        .doesNotContain("access");
    assertThat(tried("http://greeter.virtual.consul/api/v1/x").out())
        .contains("all instances of api, 100 %", "path     /v1/x")
        .contains("at api: no rule; mesh.default-access");
    assertThat(tried("-X", "POST", "--from", "web", "greeter.mesh").out())
        .contains("subset v1 {version=v1} of greeter, 66.67 %")
        .contains("request with x-stage: canary", "timeout  2000 ms", "at most 3 tries")
        .contains("5% to audit", "1% wait 10 ms")
        .contains("denied: ");
    assertThat(tried("http://other.mesh/").out())
        .contains("all instances of other", "mesh.default-access");
  }

  @Test
  void whatIsNoRequestToAServiceIsSaid() {
    assertThat(tried("http://example.org/"))
        .isEqualTo(
            new Said(
                1,
                "hostmesh: example.org is no name of the mesh: write SERVICE.mesh or"
                    + " SERVICE.NAMESPACE.mesh\n"));
    assertThat(tried("http://greeter.mesh/a%2fb").out()).contains("agents answer 400");
  }

  @Test
  void rulesAreJudgedWithoutAMesh() throws IOException {
    assertThat(run("analyze", rules.toString()))
        .isEqualTo(
            new Said(
                0,
                "2 rules: 0 errors, 0 notes; names of services were not judged"
                    + " (--services)\n"));
    Files.writeString(
        rules.resolve("wrong.conf"),
        "kind = route, service = web\nrules = [ { to = [ { subset = v9 } ] } ]");
    Files.writeString(
        rules.resolve("shadow.conf"),
        """
        kind = route, service = shop
        rules = [ { to = [ { service = greeter, subset = v3 } ] }
                  { match { path = "/x" }, to = [ {} ] } ]
        """);
    Files.writeString(rules.resolve("twice.conf"), "kind = access, service = greeter, allow = []");
    Said said = run("analyze", rules.toString());
    assertThat(said.status()).isEqualTo(1);
    assertThat(said.out().lines())
        .anyMatch(line -> line.startsWith("error: ") && line.contains("wrong.conf:2: rules[0]"))
        .anyMatch(line -> line.startsWith("error: ") && line.contains("declares no subset \"v3\""))
        .anyMatch(line -> line.startsWith("error: ") && line.contains("stands in"))
        .anyMatch(line -> line.startsWith("note: ") && line.contains("shadow.conf:3"));
  }

  @Test
  void whatARouteBesideTheseFilesDeclaresNobodyCanTell() throws IOException {
    Files.writeString(
        rules.resolve("other.conf"),
        """
        kind = route, service = web
        rules = [ { to = [ { service = elsewhere, subset = v7 } ] } ]
        """);
    Said said = run("analyze", rules.toString());
    assertThat(said.status()).isZero();
    assertThat(said.out().lines())
        .anyMatch(
            line ->
                line.startsWith("note: ")
                    && line.contains("other.conf:2: rules[0].to[0].subset: the route of elsewhere")
                    && line.contains("\"v7\""));
  }

  @Test
  void namesAndSubsetsAreJudgedByDefinitions(@TempDir Path services) throws IOException {
    Files.writeString(
        services.resolve("greeter.conf"),
        "service { name = greeter, port = 8080, protocol = http, workload { user = root }, meta {"
            + " version = v1 } }");
    Said said = run("analyze", "--services", services.toString(), rules.toString());
    assertThat(said.status()).isEqualTo(1);
    assertThat(said.out())
        .contains("unknown service \"api\"", "unknown service \"web\"")
        .contains("no instance of greeter is in subset \"v2\" now");
  }
}
