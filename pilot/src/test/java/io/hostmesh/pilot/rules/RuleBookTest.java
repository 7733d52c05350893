package io.hostmesh.pilot.rules;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.model.Protocol;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.rules.AccessRule;
import io.hostmesh.model.rules.MeshMode;
import io.hostmesh.model.rules.ModeRule;
import io.hostmesh.model.rules.Rule;
import io.hostmesh.model.rules.RuleParser;
import io.hostmesh.pilot.Sample;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class RuleBookTest {
  private static final String SPLIT =
      """
      kind = route, service = greeter
      subsets { v1 { version = v1 } }
      rules = [ { to = [ { subset = v1 } ] } ]
      """;
  private static final String ONLY_WEB =
      """
      kind = access, service = greeter
      allow = [ { from = web } ]
      """;

  private final Known known = Sample.known(Protocol.HTTP, "greeter", "web");

  private static RuleDocument route(String text, long revision) {
    return new RuleDocument("route/default/greeter", text, revision);
  }

  private static RuleDocument access(String text, long revision) {
    return new RuleDocument("access/default/greeter", text, revision);
  }

  @Test
  void aGoodRuleHolds() {
    RuleBook book = RuleBook.EMPTY.next(List.of(route(SPLIT, 7)), known);
    assertThat(book.inForce()).singleElement().extracting(RuleInForce::revision).isEqualTo("7");
    assertThat(book.states().getFirst().isCurrent()).isTrue();
    assertThat(book.states().getFirst().problems()).isEmpty();
  }

  /** Nothing is closed by a limit that nobody can read: only the others still hold. */
  @Test
  void aLimitThatCannotBeReadLimitsNothingAndOneOnRequestsIsNotForTcp() {
    RuleBook unreadable =
        RuleBook.EMPTY.next(
            List.of(new RuleDocument("limit/default/greeter", "kind = limit", 7)), known);
    assertThat(unreadable.inForce()).isEmpty();
    assertThat(unreadable.states().getFirst().problems()).hasSize(1);

    String users = "limits = [ { name = users, rate = \"1/s\", per = [ header x-user ] } ]";
    Known tcp = Sample.known(Protocol.TCP, "greeter");
    RuleBook own =
        RuleBook.EMPTY.next(
            List.of(
                new RuleDocument(
                    "limit/default/greeter", "kind = limit, service = greeter\n" + users, 7)),
            tcp);
    assertThat(own.states().getFirst().problems())
        .singleElement()
        .satisfies(problem -> assertThat(problem.toString()).contains("greeter speaks tcp; count"));
    assertThat(own.inForce()).isEmpty();
    RuleBook wide =
        RuleBook.EMPTY.next(
            List.of(
                new RuleDocument(
                    "limit/default/*", "kind = limit, service = \"default/*\"\n" + users, 7)),
            tcp);
    assertThat(wide.inForce()).hasSize(1);
    assertThat(wide.states().getFirst().problems()).hasSize(1);
  }

  @Test
  void aBadVersionLeavesTheLastGoodOne() {
    RuleBook book = RuleBook.EMPTY.next(List.of(route(SPLIT, 7)), known);
    for (String bad :
        List.of(
            "kind = route",
            SPLIT.replace("subset = v1", "subset = v3"),
            SPLIT.replace("service = greeter", "service = web"),
            "{{{")) {
      RuleBook next = book.next(List.of(route(bad, 8)), known);
      RuleState state = next.states().getFirst();
      assertThat(next.inForce()).isEqualTo(book.inForce());
      assertThat(state.isCurrent()).isFalse();
      assertThat(state.problems().toString()).contains("route/default/greeter");
    }
  }

  @Test
  void aModeThatCannotBeReadIsTheStrictest() {
    RuleBook book =
        RuleBook.EMPTY.next(List.of(new RuleDocument("mode/default/*", "kind = mode", 1)), known);
    assertThat(book.inForce())
        .singleElement()
        .extracting(rule -> ((ModeRule) rule.rule()).of(80))
        .isEqualTo(Optional.of(MeshMode.STRICT));
  }

  @Test
  void aWideRuleNamesNoServiceAndSaysWhatItMeansForBareConnections() {
    Known tcp =
        new Known(
            new TreeMap<>(
                Map.of(
                    ServiceName.of("db"), new Known.Facts(Optional.of(Protocol.TCP), List.of()))));
    String wide =
        "kind = access, namespace = \"*\", service = \"*\", deny = [ { paths = \"/admin*\" } ]";
    RuleBook book = RuleBook.EMPTY.next(List.of(new RuleDocument("access/*/*", wide, 1)), tcp);
    assertThat(book.inForce()).hasSize(1);
    assertThat(book.states().getFirst().problems().toString())
        .contains("db speaks tcp")
        .contains("deny[0]");
  }

  @Test
  void otherRulesMoveOnBesideABadOne() {
    RuleBook book = RuleBook.EMPTY.next(List.of(route("broken", 1), access(ONLY_WEB, 2)), known);
    assertThat(book.inForce()).singleElement().extracting(RuleInForce::revision).isEqualTo("2");
  }

  @Test
  void aServiceWhoseOnlyAccessRuleIsBadIsClosed() {
    RuleBook book = RuleBook.EMPTY.next(List.of(access("kind = access, service = ", 3)), known);
    assertThat(book.inForce())
        .singleElement()
        .satisfies(
            rule -> {
              assertThat(((AccessRule) rule.rule()).allow()).contains(List.of());
              assertThat(rule.standIn()).isTrue();
            });
    RuleBook mended = book.next(List.of(access(ONLY_WEB, 4)), known);
    assertThat(mended.inForce()).singleElement().extracting(RuleInForce::standIn).isEqualTo(false);
  }

  @Test
  void anUnknownCallerIsRefusedBesideAGoodVersionAndHarmlessAlone() {
    String dangling = ONLY_WEB.replace("from = web", "from = [ web, weeb ]");
    RuleBook alone = RuleBook.EMPTY.next(List.of(access(dangling, 1)), known);
    assertThat(((AccessRule) alone.inForce().getFirst().rule()).allow().orElseThrow()).hasSize(1);
    assertThat(alone.states().getFirst().problems().toString())
        .contains("unknown service \"weeb\"; did you mean \"web\"?");

    RuleBook beside =
        RuleBook.EMPTY
            .next(List.of(access(ONLY_WEB, 1)), known)
            .next(List.of(access(dangling, 2)), known);
    assertThat(beside.inForce().getFirst().revision()).isEqualTo("1");
  }

  @Test
  void whatHeldStaysWhenItsServiceVanishesFromTheCatalog() {
    RuleBook book =
        RuleBook.EMPTY
            .next(List.of(access(ONLY_WEB, 1)), known)
            .next(List.of(access(ONLY_WEB, 1)), Known.NOTHING);
    assertThat(book.inForce()).hasSize(1);
    assertThat(book.states().getFirst().isCurrent()).isTrue();
    RuleBook later =
        RuleBook.remembered(book.inForce().stream().map(RuleInForce::document).toList())
            .next(List.of(access(ONLY_WEB, 1)), Known.NOTHING);
    assertThat(later.inForce()).hasSize(1);
  }

  @Test
  void aRuleWaitsForItsServiceAndThenHolds() {
    RuleBook book = RuleBook.EMPTY.next(List.of(route(SPLIT, 1)), Known.NOTHING);
    assertThat(book.inForce()).isEmpty();
    assertThat(book.next(List.of(route(SPLIT, 1)), known).inForce()).hasSize(1);
  }

  @Test
  void aSubsetOfAnotherServiceMustBeDeclaredByItsRoute() {
    String other =
        "kind = route, service = web\nrules = [ { to = [ { service = greeter, subset = v1 } ] } ]";
    RuleDocument toGreeter = new RuleDocument("route/default/web", other, 2);
    RuleBook alone = RuleBook.EMPTY.next(List.of(toGreeter), known);
    assertThat(alone.inForce()).as("its other entries are needed").hasSize(1);
    assertThat(alone.states().getFirst().problems())
        .singleElement()
        .hasToString(
            "route/default/web:2: rules[0].to[0].subset: greeter has no route that declares subset"
                + " \"v1\"; declare it in subsets { ... } there, and apply both together");

    RuleBook both = alone.next(List.of(route(SPLIT, 1), toGreeter), known);
    assertThat(both.inForce()).hasSize(2);

    String without = SPLIT.replace("v1 {", "v2 {").replace("subset = v1", "subset = v2");
    RuleBook vanished = both.next(List.of(route(without, 3), toGreeter), known);
    assertThat(vanished.inForce()).as("what held stays").hasSize(2);
    assertThat(vanished.states().getLast().problems())
        .singleElement()
        .hasToString(
            "route/default/web:2: rules[0].to[0].subset: the route of greeter declares no subset"
                + " \"v1\"; declared: v2");
    RuleBook deleted = both.next(List.of(toGreeter), known);
    assertThat(deleted.states().getLast().problems().toString()).contains("greeter has no route");
    RuleBook refused =
        both.next(
            List.of(route(without.replace("subset = v2", "service = nobody"), 5), toGreeter),
            known);
    assertThat(refused.states().getFirst().isCurrent()).isFalse();
    assertThat(refused.states().getLast().problems())
        .as("what a refused version declares does not count, but what holds")
        .isEmpty();
    RuleBook broken = both.next(List.of(route("{{{", 4), toGreeter), known);
    assertThat(broken.states().getLast().problems()).as("its last good one declares it").isEmpty();
  }

  @Test
  void applyingARouteSaysWhoseSubsetItTakesAway() {
    List<Rule> inForce =
        List.of(
            RuleParser.parse("route/default/greeter", SPLIT),
            RuleParser.parse(
                "route/default/web",
                "kind = route, service = web, rules = [ { to = [ {} ], mirror { service = greeter,"
                    + " subset = v1, percent = 1% } } ]"));
    String without = SPLIT.replace("v1 {", "v2 {").replace("subset = v1", "subset = v2");
    assertThat(
            RuleProposal.judge(
                    List.of(new RuleProposal.File("g", without)), Set.of(), known, inForce)
                .notes())
        .extracting(RuleProblem::toString)
        .anyMatch(note -> note.contains("web") && note.contains("declares no subset \"v1\""));
    assertThat(
            RuleProposal.judge(List.of(new RuleProposal.File("g", SPLIT)), Set.of(), known, inForce)
                .notes())
        .isEmpty();
    assertThat(
            RuleProposal.judge(List.of(), Set.of(inForce.getFirst().key()), known, inForce).notes())
        .as("so does deleting it")
        .extracting(RuleProblem::toString)
        .singleElement()
        .satisfies(note -> assertThat(note).contains("web").contains("greeter has no route"));
    assertThat(
            RuleProposal.judge(List.of(), Set.of(inForce.getLast().key()), known, inForce).notes())
        .as("who names it may go")
        .isEmpty();
  }

  @Test
  void whatIsAskedOfRequestsIsRefusedForTcpByNameAndNotedWhereItIsWide() {
    Known tcp = Sample.known(Protocol.TCP, "greeter");
    String hash = "balance { policy = maglev, hash-on = [ { header = x-user } ] }";
    for (String section : List.of(hash, "affinity { }", "health-checks = [ { http = \"/up\" } ]")) {
      String own = "kind = upstream, service = greeter\n" + section;
      RuleBook named =
          RuleBook.EMPTY.next(List.of(new RuleDocument("upstream/default/greeter", own, 1)), tcp);
      assertThat(named.inForce()).as("its other sections are needed").hasSize(1);
      assertThat(named.states().getFirst().problems())
          .singleElement()
          .satisfies(
              problem -> assertThat(problem.toString()).contains("greeter speaks tcp; write"));
      String wide = own.replace("greeter", "\"default/*\"");
      RuleBook noted =
          RuleBook.EMPTY.next(List.of(new RuleDocument("upstream/default/*", wide, 1)), tcp);
      assertThat(noted.inForce()).hasSize(1);
      assertThat(noted.states().getFirst().problems()).hasSize(1);
    }
    String address = hash.replace(" } ] }", " }, { source-address = true } ] }");
    RuleBook held =
        RuleBook.EMPTY.next(
            List.of(
                new RuleDocument(
                    "upstream/default/greeter",
                    "kind = upstream, service = greeter, " + address,
                    1)),
            tcp);
    assertThat(held.states().getFirst().problems()).isEmpty();
  }

  @Test
  void aDeletedRuleIsGone() {
    RuleBook book = RuleBook.EMPTY.next(List.of(route(SPLIT, 1)), known);
    assertThat(book.next(List.of(), known).inForce()).isEmpty();
  }

  @Test
  void requestsCannotBeMatchedOnATcpService() {
    Known tcp = Sample.known(Protocol.TCP, "greeter", "web");
    String methods = ONLY_WEB.replace("from = web", "from = web, methods = [ GET ]");
    assertThat(RuleBook.EMPTY.next(List.of(access(methods, 1)), tcp).states())
        .singleElement()
        .satisfies(state -> assertThat(state.problems().toString()).contains("speaks tcp"));
    String header = SPLIT.replace("{ to", "{ match { header { a = b } }, to");
    assertThat(RuleBook.EMPTY.next(List.of(route(header, 1)), tcp).inForce()).isEmpty();
  }

  /** Its agents look at what each connection sends first, and refuse what is no request. */
  @Test
  void requestsCanBeMatchedWhereNoProtocolIsDeclared() {
    Known undeclared = Sample.known(Protocol.AUTO, "greeter", "web");
    String methods = ONLY_WEB.replace("from = web", "from = web, methods = [ GET ]");
    assertThat(RuleBook.EMPTY.next(List.of(access(methods, 1)), undeclared).inForce()).hasSize(1);
  }

  @Test
  void aSubsetWithoutInstancesIsOnlyNoted() {
    RuleBook book = RuleBook.EMPTY.next(List.of(route(SPLIT.replace("= v1", "= v9"), 1)), known);
    assertThat(book.inForce()).isEmpty(); // subset = v9 is not declared
    book =
        RuleBook.EMPTY.next(
            List.of(route(SPLIT.replace("version = v1", "version = v9"), 1)), known);
    assertThat(book.inForce()).hasSize(1);
    assertThat(book.states().getFirst().problems())
        .singleElement()
        .extracting(RuleProblem::weight)
        .isEqualTo(RuleProblem.Weight.NOTE);
  }
}
