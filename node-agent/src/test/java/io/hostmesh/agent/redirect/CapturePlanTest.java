package io.hostmesh.agent.redirect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.model.AddressRange;
import io.hostmesh.model.hocon.HoconException;
import io.hostmesh.model.hocon.Section;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class CapturePlanTest {
  @Test
  void port22IsTakenOutOfWhateverIsGiven() {
    CapturePlan plan =
        TestPlan.mesh()
            .withServicePorts(Set.of(22, 80))
            .withEndpoints(Set.of(endpoint("10.0.0.1", 22), endpoint("10.0.0.1", 80)));

    assertThat(plan.servicePorts()).containsExactly(80);
    assertThat(plan.endpoints()).containsExactly(endpoint("10.0.0.1", 80));
    assertThat(NftRules.full(plan)).contains("tcp dport 22 return").doesNotContain("10.0.0.1 . 22");
  }

  @Test
  void theAgentNeedsAUserAndPortsOfItsOwn() {
    assertThatThrownBy(() -> withAgent(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("a uid of its own");
    assertThatThrownBy(() -> TestPlan.mesh().withServicePorts(Set.of(15006)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("port 15006 is the agent's own");
  }

  private static CapturePlan withAgent(int uid) {
    return CaptureSettings.read(Section.parse("agent.conf", ""))
        .plan(uid, CapturePorts.DEFAULT, Set.of(), Set.of(), List.of());
  }

  /**
   * One transaction brings the sets from any plan to any other: what is not in both, and no more.
   */
  @Property
  void anUpdateNamesExactlyTheDifference(
      @ForAll @Size(max = 20) Set<@IntRange(min = 1000, max = 1040) Integer> before,
      @ForAll @Size(max = 20) Set<@IntRange(min = 1000, max = 1040) Integer> after) {
    CapturePlan from = TestPlan.mesh().withServicePorts(before).withEndpoints(endpoints(before));
    CapturePlan to = TestPlan.mesh().withServicePorts(after).withEndpoints(endpoints(after));

    String update = NftRules.update(from, to);

    for (int port = 1000; port <= 1040; port++) {
      boolean changes = before.contains(port) != after.contains(port);
      assertThat(
              update.contains("10.0.0.1 . " + port + " ")
                  || update.contains("10.0.0.1 . " + port + ","))
          .isEqualTo(changes);
    }
    assertThat(from.hasRulesOf(to)).isTrue();
    assertThat(update.isEmpty()).isEqualTo(before.equals(after));
  }

  /** What we load is what we find, and what we remove is all of it. */
  @Property
  void iptablesFindsAllThatIsOurs(
      @ForAll @Size(max = 40) Set<@IntRange(min = 23, max = 9000) Integer> ports) {
    CapturePlan plan = TestPlan.mesh().withServicePorts(ports).withEndpoints(endpoints(ports));
    String loaded = IptablesRules.full(plan, true, "");
    String saved = loaded.replaceAll("-I (\\S+) 1 ", "-A $1 ");

    assertThat(IptablesRules.full(plan, true, saved)).doesNotContain("-I ");
    String removal = IptablesRules.removal(saved);
    for (String chain :
        List.of("OUTBOUND", "INBOUND", "SERVICES", "ENDPOINTS", "CAPTURE", "DNS", "REFUSE")) {
      assertThat(removal).contains("-F HOSTMESH_" + chain).contains("-X HOSTMESH_" + chain);
    }
    assertThat(removal).contains("-D OUTPUT -j HOSTMESH_OUTBOUND");
    assertThat(IptablesRules.removal("*nat\n-A OUTPUT -j SOMEONE\nCOMMIT\n")).isEmpty();
    loaded
        .lines()
        .filter(line -> line.contains("--dports"))
        .forEach(
            line ->
                assertThat(line.replaceAll(".*--dports (\\S+) .*", "$1").split(",", -1))
                    .hasSizeLessThanOrEqualTo(15));
  }

  @Test
  void anAgentWithOneAddressForOutgoingCallsGetsAllOfThemThere() {
    CapturePlan plan =
        CaptureSettings.read(Section.parse("agent.conf", ""))
            .plan(
                4711, new CapturePorts(15001, 15006, 15053, false), Set.of(), Set.of(), List.of());

    assertThat(NftRules.full(plan)).contains("redirect to :15001").doesNotContain("dnat");
    assertThat(IptablesRules.full(plan, true, ""))
        .contains("-A HOSTMESH_CAPTURE -p tcp -j REDIRECT --to-ports 15001")
        .doesNotContain("DNAT");
    assertThat(plan.hasRulesOf(TestPlan.mesh())).isFalse();
  }

  @Test
  void aSourceMarkBringsRulesOfItsOwnAndGoesWithoutATrace() {
    CapturePlan plan = TestPlan.preserving();

    assertThat(NftRules.full(plan))
        .contains("meta mark 0x484e ct original zone set 18510")
        .contains("meta mark 0x484e ct state new ct mark set 0x484e")
        .contains("ct direction reply ct mark 0x484e meta mark set 0x484e");
    assertThat(NftRules.full(TestPlan.mesh())).doesNotContain("484e", " ct ");
    assertThat(plan.hasRulesOf(TestPlan.mesh())).isFalse();

    String loaded = IptablesRules.full(plan, false, "");
    assertThat(loaded)
        .contains("-m mark --mark 0x484e -j CT --zone-orig 18510")
        .contains("-m connmark --mark 0x484e -j MARK --set-mark 0x484e")
        .contains("-I OUTPUT 1 -j HOSTMESH_SOURCE_ANSWERS");
    assertThat(IptablesRules.full(TestPlan.mesh(), false, "")).doesNotContain("*raw", "*mangle");
    String saved = loaded.replaceAll("-I (\\S+) 1 ", "-A $1 ");
    assertThat(IptablesRules.full(TestPlan.mesh(), false, saved))
        .contains("*raw\n-D OUTPUT -j HOSTMESH_SOURCE_ZONE\n")
        .contains("-X HOSTMESH_SOURCE_ANSWERS")
        .doesNotContain("-X HOSTMESH_OUTBOUND");
  }

  @Test
  void routesAreChangedByTheirDifference() {
    List<String> found =
        CaptureRoutes.parse(
            """
            local 240.0.0.0/4 dev lo table local scope host src 127.0.0.1
            local default dev lo table 18510 scope host
            0:\tfrom all lookup local
            32765:\tfrom all fwmark 0x7 iif lo lookup 18510
            32766:\tfrom all lookup main
            """);

    assertThat(
            CaptureRoutes.changes(found, CaptureRoutes.wanted(TestPlan.preserving(), true), true))
        .containsExactly(
            "rule del fwmark 0x7 lookup 18510", "rule add iif lo fwmark 0x484e lookup 18510");
    assertThat(CaptureRoutes.changes(found, CaptureRoutes.wanted(TestPlan.mesh(), true), true))
        .containsExactly(
            "route del local default dev lo table 18510 proto 215",
            "rule del fwmark 0x7 lookup 18510");
    assertThat(
            CaptureRoutes.changes(
                List.of(), CaptureRoutes.wanted(TestPlan.preserving(), false), false))
        .containsExactly(
            "route replace local fd48:6f73:746d:0:0:0:0:0/48 dev lo table local proto 215 src ::1",
            "route replace local default dev lo table 18510 proto 215",
            "rule add iif lo fwmark 0x484e lookup 18510");
  }

  @Test
  void callersAddressesNeedRulesAndAMarkOfTheirOwn() {
    assertThat(read("").preserving()).isEmpty();
    assertThat(read("source = preserve").preserving()).hasValue(0x484e);
    assertThatThrownBy(() -> read("enabled = false, source = preserve"))
        .isInstanceOf(HoconException.class)
        .hasMessageContaining("agent.conf:1")
        .hasMessageContaining("capture.enabled = false: set it to true, or source = mesh");
    assertThatThrownBy(() -> read("mark = 7, source-mark = 7"))
        .isInstanceOf(HoconException.class)
        .hasMessageContaining("7 cannot be both capture.mark and capture.source-mark");
    assertThatThrownBy(() -> read("mark = 18510")).hasMessageContaining("give each its own");
  }

  private static CaptureSettings read(String text) {
    return CaptureSettings.read(Section.parse("agent.conf", text));
  }

  @Test
  void settingsHaveDefaultsAndRefuseWhatIsWrong() {
    Section empty = Section.parse("agent.conf", "");
    CaptureSettings settings = CaptureSettings.read(empty);
    empty.end();
    assertThat(settings.outbound()).isEqualTo(CaptureScope.MESH);
    assertThat(settings.confirmWithin()).isEqualTo(Duration.ofSeconds(10));
    assertThat(settings.onStop()).isEqualTo(CaptureSettings.OnStop.CLOSED);
    assertThat(settings.virtual())
        .containsExactly(
            AddressRange.parse("240.0.0.0/4"), AddressRange.parse("fd48:6f73:746d::/48"));

    for (String wrong :
        List.of(
            "virtual = \"240.0.0.1/4\"",
            "virtual = nonsense",
            "exclude { ports = [ 70000 ] }",
            "exclude { uids = [ someone ] }",
            "backend = ebpf",
            "source = somewhere",
            "on-stop = later")) {
      assertThatThrownBy(() -> CaptureSettings.read(Section.parse("agent.conf", wrong)))
          .as(wrong)
          .isInstanceOf(HoconException.class)
          .hasMessageContaining("agent.conf:1");
    }
  }

  @Test
  void nameServersAreThoseOfResolvConf() {
    assertThat(
            ResolvConf.nameservers(
                """
                # a comment
                nameserver 127.0.0.53
                search example.com
                 nameserver fe80::1%lo
                nameserver ::1
                nameserver
                options edns0
                """))
        .contains(InetAddress.ofLiteral("127.0.0.53"), InetAddress.ofLiteral("::1"));
  }

  @Property
  void aRangeHoldsItsFirstAddressAndReadsBack(@ForAll @IntRange(min = 0, max = 32) int prefix) {
    AddressRange range = AddressRange.parse((prefix == 0 ? "0.0.0.0" : "128.0.0.0") + "/" + prefix);

    assertThat(AddressRange.parse(range.toString())).isEqualTo(range);
    assertThat(range.contains(range.network())).isTrue();
    assertThat(range.contains(InetAddress.ofLiteral("::1"))).isFalse();
  }

  private static Set<InetSocketAddress> endpoints(Set<Integer> ports) {
    Set<InetSocketAddress> endpoints = new java.util.HashSet<>();
    new TreeSet<>(ports).forEach(port -> endpoints.add(endpoint("10.0.0.1", port)));
    return endpoints;
  }

  private static InetSocketAddress endpoint(String address, int port) {
    return new InetSocketAddress(InetAddress.ofLiteral(address), port);
  }
}
