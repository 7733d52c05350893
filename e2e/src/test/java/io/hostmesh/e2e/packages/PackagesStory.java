package io.hostmesh.e2e.packages;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.e2e.docs.Document;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * Two hosts with nothing but Debian, and a person who follows {@code docs/getting-started.md}: the
 * packages are installed, the hosts join, a unit of the first calls a unit of the second by its
 * name, and after removal nothing is left.
 */
@Tag("full") // Hosts that boot systemd take minutes: ./verify --full.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class PackagesStory {
  private static final Path ROOT =
      Path.of(System.getProperty("hostmesh.root", "..")).toAbsolutePath().normalize();
  private static final Duration SOON = Duration.ofSeconds(30);

  /** A program that answers on port 8080, as units run programs. */
  private static final String SERVER =
      """
      [Service]
      DynamicUser=yes
      ExecStart=/bin/busybox httpd -f -p 8080 -h /srv
      """;

  /** Calls from within a unit: a control group of its own under the unit's name. */
  private static final String AS_WEB =
      "echo $$ > /sys/fs/cgroup/system.slice/web.service/cgroup.procs && exec ";

  /** Those of the units; all others have none. */
  private static final Map<String, String> CAPABILITIES =
      Map.of(
          "hostmesh-agent", "0000000000003000", // CAP_NET_ADMIN, CAP_NET_RAW
          "hostmesh-attestd", "0000000000280000"); // CAP_SYS_PTRACE, CAP_SYS_ADMIN

  /** Counts what comes over the wire past the mesh. */
  private static final String COUNT_PLAINTEXT =
      "nft 'add table inet wire; add chain inet wire in { type filter hook prerouting priority -400; };"
          + " add rule inet wire in iifname mesh0 tcp dport 8080 counter'";

  private final Map<String, BootedHost> hosts = new TreeMap<>();
  private final List<Document.Step> steps = new ArrayList<>();
  private String before = "";

  @BeforeAll
  void boot() throws Exception {
    Path root = DebianRoot.ready();
    Path packages = ROOT.resolve("packaging/target");
    hosts.put("alpha", BootedHost.boot("alpha", root, packages));
    hosts.put("beta", BootedHost.boot("beta", root, packages));
    BootedHost.wire(alpha(), "10.77.0.1", beta(), "10.77.0.2");
    steps.addAll(Document.read(ROOT.resolve("docs/getting-started.md")).steps());
  }

  @AfterAll
  void stop() throws Exception {
    for (BootedHost host : hosts.values()) {
      host.stop();
    }
  }

  @Test
  @Order(1)
  void theServicesRunAsTheyDidBeforeThereWasAMesh() throws Exception {
    for (BootedHost host : hosts.values()) {
      // On the wire, though nobody is there: the agent answers in its stead what is the mesh's.
      host.write("/etc/resolv.conf", "nameserver 10.77.0.254\n");
      host.write("/srv/index.html", "hello from " + (host == alpha() ? "alpha" : "beta") + "\n");
    }
    alpha().write("/etc/systemd/system/web.service", SERVER);
    beta().write("/etc/systemd/system/greeter.service", SERVER);
    alpha().ok("systemctl daemon-reload && systemctl start web");
    beta().ok("systemctl daemon-reload && systemctl start greeter");
    before = beta().ok(TRACES);
  }

  @Test
  @Order(2)
  void thePagesStepsInstallAndJoin() throws Exception {
    for (Document.Step step : steps) {
      if (step instanceof Document.Runs runs && runs.commands().getFirst().contains("purge")) {
        break;
      }
      follow(step);
    }
  }

  @Test
  @Order(3)
  void webCallsGreeterByNameThroughBothAgents() throws Exception {
    String answer =
        alpha().eventually(SOON, AS_WEB + "curl -sS --fail --max-time 5 http://greeter.mesh/");

    assertThat(answer).isEqualTo("hello from beta\n");
    assertThat(beta().ok("curl -s http://127.0.0.1:15020/metrics"))
        .contains("istio_requests_total")
        .contains("source_workload=\"web\"");
  }

  @Test
  @Order(4)
  void eachDaemonHasTheCapabilitiesOfItsUnitAndNoWayToOthers() throws Exception {
    for (String daemon : List.of("hostmesh-registry", "hostmesh-citadel", "hostmesh-pilot")) {
      hasTheCapabilitiesOfItsUnit(alpha(), daemon);
    }
    for (BootedHost host : hosts.values()) {
      hasTheCapabilitiesOfItsUnit(host, "hostmesh-agent");
    }
  }

  private static void hasTheCapabilitiesOfItsUnit(BootedHost host, String daemon) throws Exception {
    String all = CAPABILITIES.getOrDefault(daemon, "0000000000000000");
    assertThat(
            host.ok(
                "p=/proc/$(systemctl show -P MainPID "
                    + daemon
                    + "); stat -c %U $p; grep -E '^(Cap(Prm|Eff|Bnd|Amb)|NoNewPrivs):' $p/status"))
        .as(daemon)
        .isEqualTo(
            "%1$s\nCapPrm:\t%2$s\nCapEff:\t%2$s\nCapBnd:\t%2$s\nCapAmb:\t%2$s\nNoNewPrivs:\t1\n"
                .formatted(daemon, all));
  }

  @Test
  @Order(5)
  void anAgentThatIsKilledIsBackAtOnceAndOneThatIsRestartedLosesNothing() throws Exception {
    beta().ok("systemctl kill --signal=KILL --kill-whom=main hostmesh-agent");
    alpha().eventually(SOON, AS_WEB + "curl -sS --fail --max-time 5 http://greeter.mesh/");
    alpha().ok("systemctl restart hostmesh-agent");
    assertThat(alpha().ok(AS_WEB + "curl -sS --fail --max-time 15 http://greeter.mesh/"))
        .isEqualTo("hello from beta\n");
  }

  @Test
  @Order(6)
  void whatACallerRunsIsToldByTheHelper() throws Exception {
    String curl = AS_WEB + "curl -sS --fail --max-time 5 http://greeter.mesh/";
    alpha().ok("cp /etc/hostmesh/services.d/web.conf /run/web.conf");
    alpha()
        .ok(
            "sed -i 's|unit = \"web.service\"|&, executable = \"/usr/bin/curl\"|'"
                + " /etc/hostmesh/services.d/web.conf");
    alpha().eventually(SOON, "! sh -c '" + curl + "'");

    alpha().ok("systemctl start hostmesh-attestd");
    assertThat(alpha().eventually(SOON, curl)).isEqualTo("hello from beta\n");
    assertThat(alpha().run(AS_WEB + "/bin/busybox wget -q -O - http://greeter.mesh/").status())
        .as("another program in the same unit")
        .isNotZero();
    hasTheCapabilitiesOfItsUnit(alpha(), "hostmesh-attestd");

    alpha().ok("systemctl stop hostmesh-attestd; cp /run/web.conf /etc/hostmesh/services.d");
    alpha().eventually(SOON, curl);
  }

  @Test
  @Order(7)
  void stoppedItFailsClosedAndNothingButTheMeshIsCutOff() throws Exception {
    alpha().ok("systemctl stop hostmesh-agent");

    assertThat(alpha().run(AS_WEB + "curl -sS --max-time 5 http://greeter.mesh/").status())
        .isNotZero();
    assertThat(alpha().ok("systemctl list-units --plain --no-legend 'hostmesh-agent-*.socket'"))
        .isEmpty();
    assertThat(alpha().ok("curl -sS http://10.77.0.1:8500/v1/status/leader")).isNotEmpty();
    alpha().ok("systemctl start hostmesh-agent");
    alpha().eventually(SOON, AS_WEB + "curl -sS --fail --max-time 5 http://greeter.mesh/");
  }

  @Test
  @Order(8)
  void aRestartOpensNothingEvenWhereAStopWould() throws Exception {
    alpha().ok("cp /etc/hostmesh/agent.conf /run/agent.conf");
    alpha().ok("echo 'capture { on-stop = open }' >> /etc/hostmesh/agent.conf");
    alpha().ok("systemctl restart hostmesh-agent");
    alpha().eventually(SOON, AS_WEB + "curl -sS --fail --max-time 5 http://greeter.mesh/");
    beta().ok(COUNT_PLAINTEXT);

    // By name, and by an address that answers in plaintext too as soon as nothing captures it.
    alpha()
        .ok(
            AS_WEB
                + "sh -c '(until [ -e /run/enough ]; do"
                + " curl -s -o /dev/null -w \"%{http_code}\\n\" --max-time 25 http://greeter.mesh/;"
                + " curl -s -o /dev/null -w \"%{http_code}\\n\" --max-time 25 http://10.77.0.2:8080/;"
                + " done; touch /run/ended) > /run/answers 2>&1 &'");
    alpha().eventually(SOON, "[ $(wc -l < /run/answers) -ge 4 ]");
    alpha().ok("systemctl restart hostmesh-agent");
    alpha().ok("systemctl restart hostmesh-agent");
    alpha().ok("touch /run/enough");
    alpha().eventually(SOON, "[ -e /run/ended ]");

    assertThat(alpha().ok("sort /run/answers | uniq -c").strip()).matches("\\d+ 200");
    assertThat(beta().ok("nft list table inet wire")).contains("counter packets 0 bytes 0");

    alpha().ok("systemctl stop hostmesh-agent");
    assertThat(alpha().run("hostmesh-agent capture status").output()).contains("Capture is off.");
    assertThat(alpha().ok(AS_WEB + "curl -sS --fail --max-time 5 http://10.77.0.2:8080/"))
        .isEqualTo("hello from beta\n");
    assertThat(beta().ok("nft list table inet wire")).doesNotContain("counter packets 0 bytes 0");
    beta().ok("nft delete table inet wire");
    alpha().ok("mv /run/agent.conf /etc/hostmesh/agent.conf && systemctl start hostmesh-agent");
  }

  @Test
  @Order(9)
  void removalLeavesNothing() throws Exception {
    boolean end = false;
    for (Document.Step step : steps) {
      end |= step instanceof Document.Runs runs && runs.commands().getFirst().contains("purge");
      if (end) {
        follow(step);
      }
    }

    assertThat(beta().ok(TRACES)).isEqualTo(before);
    assertThat(alpha().ok(TRACES)).doesNotContain("hostmesh");
    assertThat(beta().ok("curl -sS http://127.0.0.1:8080/")).isEqualTo("hello from beta\n");
  }

  /** Whatever the packages could leave: rules, routes, users, units, processes, files. */
  private static final String TRACES =
      "nft list ruleset; ip rule; ip route show table all | grep -v -e fe80: -e ff00: | sort; getent passwd; getent group;"
          + " ls /etc/systemd/system /etc/systemd/system/*.wants;"
          + " systemctl list-units --all --plain --no-legend 'hostmesh*';"
          + " ps -eo args= | grep '^/usr/lib/[h]ostmesh';"
          + " find / -xdev -iname '*hostmesh*' -not -path '/proc/*' -not -path '/var/lib/dpkg/*'"
          + " -not -path '/var/log/*' -not -path '/packages/*' -not -path '/root/*' | sort";

  private void follow(Document.Step step) throws Exception {
    switch (step) {
      case Document.Runs runs when hosts.containsKey(runs.where()) -> run(runs);
      case Document.Content file when hosts.containsKey(file.where()) ->
          host(file.where()).write(file.path(), file.text());
      case Document.Copies copies ->
          host(copies.to())
              .write(
                  "/root/" + copies.toPath(),
                  host(copies.from()).ok("cat /root/" + copies.fromPath()));
      default -> {}
    }
  }

  private void run(Document.Runs runs) throws Exception {
    BootedHost host = host(runs.where());
    String inRoot = "cd /root && ln -sf /packages/*.deb . && ";
    for (String command : runs.commands()) {
      host.ok(inRoot + command);
    }
    if (runs.says().isPresent()) {
      host.eventually(
          SOON, inRoot + runs.commands().getLast() + " | grep -F '" + runs.says().get() + "'");
    }
  }

  private BootedHost host(String name) {
    return Objects.requireNonNull(hosts.get(name));
  }

  private BootedHost alpha() {
    return host("alpha");
  }

  private BootedHost beta() {
    return host("beta");
  }
}
