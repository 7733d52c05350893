package io.hostmesh.e2e.stories;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;

/**
 * What Consul's own program says of who may call whom, in a lab on a real Consul with access
 * control: {@code echo} (HTTP) and {@code till} (lines on TCP) run on h2, {@code web} calls.
 */
final class ConsulIntentions {
  private static final Duration SOON = Duration.ofSeconds(10);

  /** The promise is a second; the machine may be busy. */
  private static final long BOUND_MILLIS = 2_000;

  private static final String BY_INTENTION = "access/default/echo#intention-from-web";

  private final Lab lab;
  private final String consul;
  private final String token;

  /**
   * @param token the option of Consul's program with the token that may do all
   */
  ConsulIntentions(Lab lab, String consul, String token) {
    this.lab = lab;
    this.consul = consul;
    this.token = token;
  }

  void hold() throws Exception {
    Watched.serveLines(lab, "h2", "till", 8090);
    aDenialIsKeptWithinASecondAndTakenBack();
    itEndsWhatIsUnderWay();
    permissionsAreKeptInOrder();
    whatPilotMayNotReadAnyMoreHoldsOn();
  }

  private void aDenialIsKeptWithinASecondAndTakenBack() throws Exception {
    try (Watched calls = Watched.requests(lab, "h1", "web", "http://echo.mesh/")) {
      long denied = written("intention create -deny web echo");
      isSoon("from an intention that denies to the first refused call", denied, calls.first(403));
      long allowed = written("intention delete web echo");
      isSoon("from its end to the first call that gets in", allowed, calls.first(200));
    }
    Lab.within(
        SOON,
        "the access log to name the intention",
        () -> lab.log("h2-access").contains(BY_INTENTION));
  }

  private void itEndsWhatIsUnderWay() throws Exception {
    try (Watched call = Watched.connection(lab, "h1", "web", "till", 8090)) {
      long denied = written("intention create -deny '*' till");
      isSoon("from an intention that denies to the end of a connection", denied, call.over());
    }
    written("intention delete '*' till");
  }

  private void permissionsAreKeptInOrder() throws Exception {
    write("{\"Kind\": \"service-defaults\", \"Name\": \"echo\", \"Protocol\": \"http\"}");
    write(
        """
        {"Kind": "service-intentions", "Name": "echo", "Sources": [{"Name": "web", "Permissions": [
          {"Action": "allow", "HTTP": {"PathPrefix": "/open", "Methods": ["GET"]}},
          {"Action": "deny", "HTTP": {"PathPrefix": "/"}}]}]}
        """);
    eventually("the rest to be refused", "403", "http://echo.mesh/");
    assertThat(status("http://echo.mesh/open/door")).isEqualTo("200");
    assertThat(status("-X POST http://echo.mesh/open/door")).isEqualTo("403");
    assertThat(lab.as("other", "h1", "curl -sS --max-time 10 http://echo.mesh/").ok().out())
        .contains("svc/other");
    assertThat(lab.as("web", "h1", "curl -sS --max-time 10 http://echo.mesh/").out())
        .contains("intention-from-web");
  }

  /** Over a restart, too, which spares waiting: Consul judges a token once for each long query. */
  private void whatPilotMayNotReadAnyMoreHoldsOn() throws Exception {
    String policy = Lab.ROOT.resolve("config/consul-acl/pilot.hcl").toString();
    command(
        "acl policy update -name pilot -rules \"$(sed 's/intentions = \"read\"/intentions ="
            + " \"deny\"/' "
            + policy
            + ")\"");
    lab.hostmesh("lab", "kill", "pilot").ok();
    Lab.within(SOON, "pilot to say so", () -> lab.hostmesh("status").out().contains("hides some"));
    assertThat(status("http://echo.mesh/")).isEqualTo("403");
    command("acl policy update -name pilot -rules @" + policy);
    lab.hostmesh("lab", "kill", "pilot").ok();
    written("config delete -kind service-intentions -name echo");
    eventually("all to be allowed", "200", "http://echo.mesh/");
    Lab.within(
        SOON, "pilot to see all", () -> !lab.hostmesh("status").ok().out().contains("hides"));
  }

  private void write(String entry) throws IOException {
    lab.on("h1", "printf %s '" + entry + "' | " + consul + " config write" + token + " -").ok();
  }

  private String command(String command) throws IOException {
    return lab.on("h1", consul + " " + withToken(command)).ok().out();
  }

  /** When Consul had it. */
  private long written(String command) throws IOException {
    return Long.parseLong(
        lab.on("h1", consul + " " + withToken(command) + " > /dev/null && date +%s%3N")
            .ok()
            .lines()
            .getLast());
  }

  /** Options stand behind the words of a command and before its arguments. */
  private String withToken(String command) {
    String[] words = command.split(" ", 3);
    return command.startsWith("acl")
        ? command + token
        : words[0] + " " + words[1] + token + " " + words[2];
  }

  private String status(String arguments) throws IOException {
    return lab.as("web", "h1", "curl -sS -o /dev/null -w '%{http_code}' --max-time 10 " + arguments)
        .ok()
        .out()
        .strip();
  }

  private void eventually(String what, String status, String arguments) throws Exception {
    Lab.within(SOON, what, () -> status(arguments).equals(status));
  }

  private static void isSoon(String what, long begin, long end) {
    System.out.println(what + ": " + (end - begin) + " ms");
    assertThat(end - begin).as(what).isLessThan(BOUND_MILLIS);
  }
}
