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

/** The examples of docs/traffic.md about routes, tried with curl. */
class TrafficRoutesStory {
  private static final String STATUS = "curl -sS --max-time 10 -w '\\n%{http_code}' ";

  private static Lab lab = Lab.named("routes");

  @BeforeAll
  static void up() throws IOException {
    lab =
        Lab.up(
            "routes",
            "--hosts",
            "3",
            "--",
            "pilot.virtual-addresses.ipv4=\"100.100.0.0/16\"",
            "agent.capture.virtual=[\"100.100.0.0/16\",\"fd48:6f73:746d::/48\"]");
    Programs.echo(lab, "h2", "greeter", 8080, "one", "--meta", "version=v1");
    Programs.echo(lab, "h3", "greeter", 8080, "two", "--meta", "version=v2");
    Programs.echo(lab, "h3", "parting", 8081, "bye");
    lab.hostmesh("node", "allow", "h1", "web").ok();
  }

  @AfterAll
  static void down() throws IOException {
    lab.close();
  }

  private static String curl(String arguments) throws IOException {
    return lab.as("web", "h1", STATUS + arguments).out();
  }

  @Test
  void aCanaryGetsItsShareAndItsTesters() throws IOException {
    lab.apply(Rules.ofPage("traffic.md", "canary")).ok();
    assertThat(curl("-H 'x-user: qa-7' http://greeter.mesh/")).startsWith("two");
    assertThat(curl("-H 'X-User: me' http://greeter.mesh/")).startsWith("two");
    List<String> answers =
        lab.as("web", "h1", "curl -s 'http://greeter.mesh/[1-200]' | grep -E '^(one|two) '")
            .ok()
            .lines();
    assertThat(answers).hasSize(200);
    assertThat(answers.stream().filter(line -> line.startsWith("two")).count()).isBetween(4L, 45L);
  }

  @Test
  void requestsGoToOtherPlaces() throws IOException {
    lab.apply(Rules.ofPage("traffic.md", "places")).ok();
    assertThat(curl("'http://greeter.mesh/bye/all?x=1'")).startsWith("bye GET /all?x=1 ");
    assertThat(curl("-o /dev/null -w '%{redirect_url} %{http_code}' http://greeter.mesh/old/page"))
        .contains("http://greeter.mesh/new/page")
        .endsWith("308");
    assertThat(curl("-L http://greeter.mesh/old/page")).contains("GET /new/page ").endsWith("200");
    assertThat(curl("-o /dev/null -w '%{redirect_url} %{http_code}' http://greeter.mesh/login"))
        .contains("https://login.example/login")
        .endsWith("302");
    assertThat(curl("http://greeter.mesh/teapot")).isEqualTo("short and stout\n418");
    assertThat(curl("http://greeter.mesh/v12/x"))
        .contains("GET /version/12/x ", "host: greeter.internal");
    assertThat(lab.hostmesh("get", "route", "greeter").ok().out()).contains("parting");
  }

  @Test
  void headersChangeAndOtherOriginsMayRead() throws IOException {
    lab.apply(Rules.ofPage("traffic.md", "headers")).ok();
    String answer =
        curl("-i -H 'x-debug: 1' -H 'Origin: https://shop.example' http://greeter.mesh/");
    assertThat(answer)
        .contains("x-stage: canary", "x-seen-by: mesh", "cache-control: no-store")
        .contains("access-control-allow-origin: https://shop.example")
        .doesNotContain("x-debug");
    assertThat(
            curl(
                "-i -X OPTIONS -H 'Origin: https://shop.example' -H 'Access-Control-Request-Method:"
                    + " POST' http://greeter.mesh/"))
        .contains("204", "access-control-allow-methods: GET, POST", "access-control-max-age: 600");
  }

  @Test
  void aWrongRuleIsRefusedWithItsPlaceAndDisturbsNobody() throws IOException {
    Path wrong = Files.createTempFile("wrong", ".conf");
    try {
      Files.writeString(
          wrong,
          """
          kind = route, service = greeter
          rules = [
            { match { path-regex = "(?=x)" }, to = [ {} ] } ]
          """);
      Lab.Result result = lab.hostmesh("apply", "-f", wrong.toString());
      assertThat(result.status()).isNotZero();
      assertThat(result.out()).contains(wrong + ":3", "rules[0].match.path-regex", "RE2");
      Files.writeString(
          wrong,
          "kind = route, service = greeter, rules = [ { to = [ { service = nobody } ] } ]\n");
      assertThat(lab.hostmesh("apply", "-f", wrong.toString()).out())
          .contains("unknown service \"nobody\"");
      assertThat(curl("http://parting.mesh/")).startsWith("bye").endsWith("200");
    } finally {
      Files.delete(wrong);
    }
  }

  @Test
  void anAddressStaysThroughRestartsOfEverythingOnAllHosts() throws Exception {
    String address = address("h1", "parting");
    assertThat(address).matches("100\\.100\\.[0-9.]+");
    for (String daemon : List.of("pilot", "registry", "h1", "h3")) {
      lab.hostmesh("lab", "stop", daemon).ok();
      lab.hostmesh("lab", "start", daemon).ok();
    }
    for (String host : List.of("h1", "h2", "h3")) {
      Lab.within(
          Duration.ofSeconds(10), host + " agrees", () -> address(host, "parting").equals(address));
    }
    assertThat(curl("http://" + address + "/")).startsWith("bye").endsWith("200");
    lab.hostmesh("lab", "rm", "h3", "parting").ok();
    Programs.echo(lab, "h2", "newcomer", 8082, "new");
    assertThat(address("h1", "newcomer")).isNotEqualTo(address);
    assertThat(address("h1", "parting")).as("it rests while nobody has it").isEqualTo(address);
    Programs.echo(lab, "h3", "parting", 8081, "bye");
    assertThat(curl("http://" + address + "/")).startsWith("bye").endsWith("200");
  }

  private static String address(String host, String service) throws IOException {
    return lab.on(host, "getent ahostsv4 " + service + ".mesh | awk 'NR == 1 { print $1 }'")
        .ok()
        .out()
        .strip();
  }
}
