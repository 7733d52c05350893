package io.hostmesh.e2e.stories;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rules are looked at before they hold, refused as a whole, and taken back. */
class TrafficChangesStory {
  private static final Duration SOON = Duration.ofSeconds(15);
  private static final String TO_V1 = splitTo("v1");
  private static final String TO_V2 = splitTo("v2");

  private static Lab lab = Lab.named("changes");

  @TempDir private Path folder;

  @BeforeAll
  static void up() throws IOException {
    lab = Lab.up("changes");
    Programs.echo(lab, "h2", "greeter", 8080, "one", "--meta", "version=v1");
    Programs.echo(lab, "h2", "greeter", 8081, "two", "--meta", "version=v2");
    Programs.echo(lab, "h2", "parting", 8082, "bye");
    lab.hostmesh("node", "allow", "h1", "web").ok();
  }

  @AfterAll
  static void down() throws IOException {
    lab.close();
  }

  private static String splitTo(String subset) {
    return """
        kind = route, service = greeter
        subsets { v1 { version = v1 }, v2 { version = v2 } }
        rules = [ { to = [ { subset = %s } ] } ]
        """
        .formatted(subset);
  }

  private String file(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text).toString();
  }

  /** {@code ./hostmesh} without a mesh. */
  private static Lab.Result alone(String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of(Lab.ROOT.resolve("hostmesh").toString()));
    command.addAll(List.of(arguments));
    return Lab.run("", command);
  }

  private static String get(String service) throws IOException {
    return lab.as("web", "h1", "curl -sS --max-time 5 http://" + service + ".mesh/ | head -n 1")
        .ok()
        .out()
        .split(" ", 2)[0];
  }

  private static void soon(String service, String answers) throws Exception {
    Lab.within(SOON, service + " is " + answers, () -> get(service).equals(answers));
  }

  @Test
  void aFolderOfRulesIsJudgedOnALaptop() throws IOException {
    file(
        "greeter.conf",
        """
        kind = route, service = greeter
        subsets { v1 { version = v1 }, v2 { version = v2 }, old { version = v0 } }
        rules = [
          { name = all, match { path = "/*" }, to = [ { subset = v1, weight = 90 }, { subset = v2, weight = 9 } ] }
          { name = never, match { path = "/admin" }, to = [ { subset = v2 } ] }
        ]
        """);
    file("zz-again.conf", TO_V1);
    file(
        "parting.conf",
        """
        kind = route, service = parting
        rules = [ { to = [ { service = greeter, subset = v9 } ] } ]
        """);
    file("broken.conf", "kind = route, service = web, ruels = []");
    Lab.Result judged = alone("analyze", folder.toString());
    assertThat(judged.status()).isEqualTo(1);
    assertThat(judged.out())
        .contains("greeter.conf:4")
        .contains("the weights sum to 99")
        .contains("no request ever comes to this entry: entry \"all\"")
        .contains("sends anything to subset \"old\"")
        .contains("declares no subset \"v9\"")
        .contains("did you mean \"rules\"?")
        .contains("zz-again.conf");
    Lab.Result names =
        alone(
            "analyze",
            "--services",
            lab.dir().resolve("hosts/h2/services.d").toString(),
            folder.toString());
    assertThat(names.out()).contains("no instance of greeter is in subset \"old\"");

    Files.delete(folder.resolve("zz-again.conf"));
    Files.delete(folder.resolve("broken.conf"));
    assertThat(
            alone("try", "-f", folder.toString(), "--from", "web", "http://greeter.mesh/admin")
                .ok()
                .out())
        .contains("all")
        .contains("subset v1 {version=v1} of greeter, 90.91 %");
  }

  @Test
  void aChangeIsShownBeforeMadeAndUndone() throws Exception {
    String v1 = file("greeter.conf", TO_V1);
    lab.hostmesh("apply", "-f", v1).ok();
    soon("greeter", "one");
    String v2 = file("greeter-v2.conf", TO_V2);
    assertThat(lab.hostmesh("diff", "-f", v2).ok().out())
        .contains("-rules = [ { to = [ { subset = v1 } ] } ]")
        .contains("+rules = [ { to = [ { subset = v2 } ] } ]");
    lab.hostmesh("apply", "--dry-run", "-f", v2).ok();
    assertThat(get("greeter")).as("nothing was changed").isEqualTo("one");

    lab.hostmesh("apply", "-f", v2).ok();
    soon("greeter", "two");
    assertThat(lab.hostmesh("try", "--from", "web", "http://greeter.mesh/").ok().out())
        .contains("subset v2");
    String newest = lab.hostmesh("history", "route/default/greeter").ok().lines().get(1);
    assertThat(newest).contains("apply").contains("~ route greeter");
    assertThat(lab.hostmesh("history", newest.strip().split(" +", 2)[0]).ok().out())
        .contains("+rules = [ { to = [ { subset = v2 } ] } ]");

    assertThat(lab.hostmesh("rollback", "--dry-run").ok().out()).contains("would go back to");
    assertThat(get("greeter")).isEqualTo("two");
    lab.hostmesh("rollback").ok();
    soon("greeter", "one");
    lab.hostmesh("rollback").ok();
    soon("greeter", "two");
  }

  @Test
  void whatIsWrongIsRefusedWithItsPlaceAndNothingOfItHolds() throws Exception {
    lab.hostmesh("apply", "-f", file("greeter.conf", TO_V1)).ok();
    soon("greeter", "one");
    String[][] wrong = {
      {
        "kind = route, service = parting\nrules = [ { match { path-regex = \"(a\" }, to = [{}] } ]",
        "rules[0].match.path-regex: \"(a\" is not a regular expression of RE2"
      },
      {
        "kind = route, service = parting\nrules = [ { match { path = \"/a\" }, redirect { path = \"/a\" } } ]",
        "back for ever"
      },
      {
        "kind = route, service = parting\nrules = [ { to = [{}], mirror { service = parting } } ]",
        "is a mirror to itself"
      },
      {
        "kind = upstream, service = parting\nbalance { policy = maglev }",
        "balance.policy: maglev needs a key"
      },
      {
        "kind = route, service = parting\nrules = [ { to = [ { service = greter } ] } ]",
        "did you mean \"greeter\"?"
      },
      {
        "kind = limit, service = parting\nlimits = [ { name = a, rate = \"9/x\" } ]",
        "limits[0].rate"
      },
    };
    for (String[] each : wrong) {
      Path bad = folder.resolve("set");
      Files.createDirectories(bad);
      Files.writeString(bad.resolve("a-good.conf"), TO_V2);
      Files.writeString(bad.resolve("b-bad.conf"), each[0]);
      Lab.Result refused = lab.hostmesh("apply", "-f", bad.toString());
      assertThat(refused.status()).as(each[0]).isNotZero();
      assertThat(refused.out()).contains("b-bad.conf:2").contains(each[1]);
    }
    assertThat(get("greeter")).as("the good half does not hold either").isEqualTo("one");
  }

  @Test
  void aRuleThatWasBrokenInTheRegistryLeavesTheLastGoodOneAndAllOthers() throws Exception {
    lab.hostmesh("apply", "-f", file("greeter.conf", TO_V1)).ok();
    soon("greeter", "one");
    lab.kv("PUT", "rules/route/default/greeter", TO_V2.replace("subset = v2 }", "subset = v3 }"))
        .ok();
    Lab.within(
        SOON,
        "status says it",
        () -> lab.hostmesh("status").out().contains("unknown subset \"v3\""));
    assertThat(get("greeter")).isEqualTo("one");
    assertThat(get("parting")).isEqualTo("bye");
    lab.apply("kind = upstream, service = parting, balance { policy = random }").ok();
    assertThat(lab.hostmesh("history").out()).contains("was changed beside hostmesh");
    lab.hostmesh("apply", "-f", folder.resolve("greeter.conf").toString()).ok();
    Lab.within(
        SOON,
        "it is well again",
        () -> !lab.hostmesh("status").out().contains("unknown subset \"v3\""));
    lab.hostmesh("delete", "upstream", "parting").ok();
  }

  @Test
  void moreRulesThanATransactionOfConsulTakesComeAndGoTogether() throws IOException {
    Path many = Files.createDirectories(folder.resolve("many"));
    for (int i = 0; i < 150; i++) {
      Files.writeString(
          many.resolve(i + ".conf"),
          "kind = upstream, service = \"ns" + i + "/*\", balance { policy = random }");
    }
    lab.hostmesh("apply", "-f", many.toString()).ok();
    assertThat(ruleNames()).hasSizeGreaterThanOrEqualTo(150);
    String first =
        lab.hostmesh("history", "upstream/ns0/*").ok().lines().get(1).strip().split(" +", 2)[0];
    lab.hostmesh("rollback", Long.toString(Long.parseLong(first) - 1)).ok();
    assertThat(ruleNames()).isEmpty();
  }

  private static List<String> ruleNames() throws IOException {
    return lab.hostmesh("get", "upstream").ok().lines().stream()
        .filter(line -> line.contains("ns"))
        .toList();
  }
}
