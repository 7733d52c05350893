package io.hostmesh.e2e.stories;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The examples of docs/traffic.md about limits, tried with curl and under load. */
class TrafficLimitsStory {
  private static final String STATUS = "curl -sS --max-time 10 -o /dev/null -w '%{http_code}\\n' ";
  private static final Pattern LET = Pattern.compile("200=(\\d+)");
  private static final int SECONDS = 10;

  private static Lab lab = Lab.named("limits");

  @BeforeAll
  static void up() throws IOException {
    lab = Lab.up("limits", "--hosts", "3");
    for (String host : new String[] {"h2", "h3"}) {
      lab.run(
              host,
              "greeter",
              8080,
              "http",
              java.util.List.of(),
              "python3",
              "-m",
              "http.server",
              "--bind",
              "127.0.0.1",
              "--protocol",
              "HTTP/1.1",
              "8080")
          .ok();
    }
    lab.hostmesh("node", "allow", "h1", "web").ok();
    lab.hostmesh("node", "allow", "h1", "shop").ok();
  }

  @AfterAll
  static void down() throws IOException {
    lab.close();
  }

  @Test
  void limitsHoldByUserAndCallerAndForTheWholeMesh() throws Exception {
    eachUserHasTheirOwn();
    theWholeMeshHasOneWithinFivePercent();
  }

  private void eachUserHasTheirOwn() throws Exception {
    lab.apply(Rules.ofPage("traffic.md", "limits")).ok();
    Lab.within(
        Duration.ofSeconds(20),
        "the rule to hold",
        () ->
            lab.as("web", "h1", "curl -sS -i --max-time 10 http://greeter.mesh/")
                .out()
                .contains("x-ratelimit-limit: 100, 100;w=1"));
    String orders = " -X POST http://greeter.mesh/orders/[1-21] -H 'x-user: ";
    // Two instances with ten each: of 21 in a row, one at least is over.
    assertThat(lab.as("web", "h1", STATUS + orders + "ann'").lines()).contains("501", "429");
    assertThat(lab.as("web", "h1", STATUS + orders.replace("[1-21]", "1") + "bob'").lines())
        .containsExactly("501");
    assertThat(lab.as("shop", "h1", STATUS + orders.replace("[1-21]", "1") + "ann'").lines())
        .as("another caller")
        .containsExactly("501");
    String over =
        lab.as(
                "web",
                "h1",
                "for i in $(seq 25); do curl -sS -i --max-time 10 -X POST -H 'x-user: ann'"
                    + " http://greeter.mesh/orders/x; done | grep -A 20 ' 429 '")
            .out();
    assertThat(over)
        .contains("x-ratelimit-remaining: 0", "retry-after: ", "over limit/default/greeter#users");
    assertThat(
            lab.as(
                    "web",
                    "h1",
                    "for i in $(seq 8); do curl -sS -i --max-time 10 -X POST -H 'x-user: ann' -H"
                        + " 'content-type: application/grpc' http://greeter.mesh/orders/x; done")
                .out())
        .contains("grpc-status: 8");
  }

  private void theWholeMeshHasOneWithinFivePercent() throws Exception {
    lab.apply(Rules.ofPage("traffic.md", "limit-mesh")).ok();
    String load =
        "python3 " + Programs.script("load.py") + " http://greeter.mesh/ 60 " + SECONDS + " 6";
    Path output = Files.createTempFile("hostmesh-e2e", ".load");
    try {
      Process other = lab.begin("shop", "h1", load, output);
      String own = lab.as("web", "h1", load).ok().out();
      assertThat(other.waitFor(60, TimeUnit.SECONDS)).isTrue();
      String both = own + " " + Files.readString(output);
      assertThat(let(own) + let(Files.readString(output)))
          .as(both)
          .isBetween((int) (40 * SECONDS * 0.95), (int) (40 * SECONDS * 1.05));
    } finally {
      Files.delete(output);
    }
  }

  private static int let(String output) {
    Matcher count = LET.matcher(output);
    return count.find() ? Integer.parseInt(count.group(1)) : 0;
  }
}
