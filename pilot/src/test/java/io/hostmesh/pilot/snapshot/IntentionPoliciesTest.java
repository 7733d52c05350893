package io.hostmesh.pilot.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.api.ResourceType;
import io.hostmesh.api.v1.AccessPolicy;
import io.hostmesh.api.v1.Grant;
import io.hostmesh.model.rules.RuleParser;
import io.hostmesh.pilot.Sample;
import io.hostmesh.pilot.rules.RuleDocument;
import io.hostmesh.pilot.rules.RuleInForce;
import io.hostmesh.registry.Intentions;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Intentions beside the mesh's own rules: both must let a call in. */
class IntentionPoliciesTest {
  private static final MeshTerms CLOSED = new MeshTerms("hostmesh.local", "dc1", false, true);

  private static Intentions.Stored intention(String source, String action) {
    return new Intentions.Stored(
        "greeter",
        "{\"Name\": \"greeter\", \"Sources\": [{\"Name\": \""
            + source
            + "\", \"Action\": \""
            + action
            + "\"}]}",
        7);
  }

  private static HeardIntentions shown(Intentions.Stored... entries) {
    return HeardIntentions.NONE.shown(new Intentions(List.of(entries), false));
  }

  private static SnapshotInputs inputs(
      MeshTerms terms, HeardIntentions intentions, boolean open, String... rules) {
    return new SnapshotInputs(
        terms,
        List.of(Sample.instance("greeter", "h2", "g1")),
        new TreeMap<>(),
        new TreeMap<>(),
        Sample.entitled(Map.of("h2", List.of("greeter"))),
        Arrays.stream(rules).map(IntentionPoliciesTest::rule).toList(),
        intentions,
        open);
  }

  private static RuleInForce rule(String text) {
    var rule = RuleParser.parse("test", text);
    return new RuleInForce(rule, new RuleDocument(rule.key().path(), text, 5), false);
  }

  private static Optional<AccessPolicy> policy(SnapshotInputs inputs) throws Exception {
    Optional<Resource> found =
        SnapshotCompiler.compile(inputs)
            .viewOf("h2")
            .get(ResourceType.ACCESS_POLICY, "default/greeter");
    return found.isEmpty()
        ? Optional.empty()
        : Optional.of(AccessPolicy.parseFrom(found.get().content()));
  }

  private static List<String> names(List<Grant> grants) {
    return grants.stream().map(Grant::getName).toList();
  }

  @Test
  void whatAnIntentionDeniesStandsBesideWhatTheServicesRuleSays() throws Exception {
    String own =
        "kind = access, service = greeter, allow = [ { name = mine, from = web } ]"
            + ", deny = [ { name = never, from = cron } ]";
    AccessPolicy policy =
        policy(inputs(Sample.TERMS, shown(intention("web", "deny")), true, own)).orElseThrow();
    assertThat(names(policy.getAllowList())).containsExactly("mine");
    assertThat(names(policy.getDenyList())).containsExactly("never", "intention-from-web");
    assertThat(policy.getWithoutAllow()).isFalse();
    assertThat(policy.getRevision()).isEqualTo("5");
  }

  @Test
  void withoutARuleTheRestIsLeftToTheMeshsDefault() throws Exception {
    AccessPolicy policy =
        policy(inputs(Sample.TERMS, shown(intention("web", "deny")), true)).orElseThrow();
    assertThat(names(policy.getDenyList())).containsExactly("intention-from-web");
    assertThat(policy.getWithoutAllow()).isTrue();
    assertThat(policy.getRevision()).isEqualTo("intentions-7");
    assertThat(policy(inputs(Sample.TERMS, shown(intention("web", "allow")), true))).isEmpty();
  }

  @Test
  void whatItAllowsOpensOnlyWhatNoRuleSpeaksOf() throws Exception {
    HeardIntentions allowed = shown(intention("web", "allow"));
    AccessPolicy opened = policy(inputs(CLOSED, allowed, true)).orElseThrow();
    assertThat(names(opened.getAllowList())).containsExactly("intention-from-web");
    assertThat(opened.getWithoutAllow()).isFalse();

    String mesh = "kind = access, service = \"*/*\", default = deny";
    assertThat(policy(inputs(CLOSED, allowed, true, mesh))).isEmpty();
    String own = "kind = access, service = greeter, allow = [ { name = mine, from = cron } ]";
    assertThat(names(policy(inputs(CLOSED, allowed, true, own)).orElseThrow().getAllowList()))
        .containsExactly("mine");
  }

  @Test
  void whereRulesMustBeSignedIntentionsOpenNothing() throws Exception {
    assertThat(policy(inputs(CLOSED, shown(intention("web", "allow")), false))).isEmpty();
    assertThat(policy(inputs(CLOSED, shown(intention("web", "deny")), false))).isPresent();
  }

  @Test
  void aRuleOnTrialStaysOnTrialAndTheIntentionIsNot() throws Exception {
    String trial =
        "kind = access, service = greeter, dry-run = true, allow = []"
            + ", deny = [ { name = tried, from = cron } ]";
    SnapshotInputs inputs = inputs(Sample.TERMS, shown(intention("web", "deny")), true, trial);
    AccessPolicy policy = policy(inputs).orElseThrow();
    assertThat(policy.getDryRun()).isFalse();
    assertThat(policy.getWithoutAllow()).isTrue();
    assertThat(policy.getDenyList())
        .extracting(Grant::getName, Grant::getDryRun)
        .hasToString("[(\"tried\", true), (\"intention-from-web\", false)]");
    assertThat(SnapshotCompiler.compile(inputs).problems())
        .anyMatch(problem -> problem.contains("on trial beside Consul's intentions"));
  }

  @Test
  void whatMayNotBeReadAnyMoreHoldsOnAndIsTold() {
    HeardIntentions before = shown(intention("web", "deny"));
    HeardIntentions refused = before.refused("refused with 403");
    assertThat(refused.known()).isEqualTo(before.known());
    assertThat(SnapshotCompiler.compile(inputs(Sample.TERMS, refused, true)).problems())
        .containsExactly(
            "Consul's intentions cannot be read, so those known before hold on: refused with 403;"
                + " pilot's token needs service_prefix \"\" { policy = \"read\", intentions ="
                + " \"read\" }");
    assertThat(refused.answered()).isEqualTo(before);

    HeardIntentions hidden = before.shown(new Intentions(List.of(), true));
    assertThat(hidden.known().entries()).isEqualTo(before.known().entries());
    assertThat(hidden.problem()).hasValueSatisfying(why -> assertThat(why).contains("hides some"));
    assertThat(hidden.shown(Intentions.NONE)).isEqualTo(HeardIntentions.NONE);
  }

  @Test
  void aRestartRemembersThem() {
    MeshMemory memory =
        new MeshMemory(
            List.of(),
            List.of(),
            MeshMemory.NOTHING.entitlements(),
            new TreeMap<>(),
            new TreeMap<>(),
            new Intentions(List.of(intention("web", "deny")), false));
    assertThat(MeshMemory.read(memory.write()).intentions()).isEqualTo(memory.intentions());
    assertThat(MeshMemory.read(MeshMemory.NOTHING.write())).isEqualTo(MeshMemory.NOTHING);
  }
}
