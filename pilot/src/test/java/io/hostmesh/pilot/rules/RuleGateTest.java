package io.hostmesh.pilot.rules;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.model.OperatorRole;
import io.hostmesh.model.Protocol;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.model.rules.AuthenticationRule;
import io.hostmesh.model.rules.ExternalAuthorizationRule;
import io.hostmesh.model.rules.MeshMode;
import io.hostmesh.model.rules.ModeRule;
import io.hostmesh.model.rules.Rule;
import io.hostmesh.pilot.Sample;
import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.identity.OperatorIdentity;
import io.hostmesh.runtime.identity.RuleSeals;
import io.hostmesh.runtime.state.StateFiles;
import io.hostmesh.runtime.testing.TestAuthority;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whoever can write to the registry's KV, but has no operator's key, changes nothing. */
class RuleGateTest {
  private static final String PATH = "access/default/greeter";
  private static final String ONLY_WEB =
      "kind = access, service = greeter, allow = [ { from = web } ]\n";
  private static final String ALSO_BATCH =
      "kind = access, service = greeter, allow = [ { from = [web, batch] } ]\n";

  private static final String ROUTE = "route/default/greeter";
  private static final String TO_BATCH =
      "kind = route, service = greeter, rules = [ { to = [ { service = batch } ] } ]\n";

  @TempDir Path folder;
  private final TestAuthority authority = new TestAuthority("hostmesh.local");
  private final Set<BigInteger> revoked = new HashSet<>();
  private final Known known = Sample.known(Protocol.HTTP, "greeter", "web", "batch");
  private Instant now = Instant.now();
  private RuleGate gate = RuleGate.open();
  private RuleBook book = RuleBook.EMPTY;
  private long revision;

  @BeforeEach
  void begin() throws IOException {
    restart();
  }

  private void restart() throws IOException {
    gate =
        RuleGate.signed(
            new StateFiles(folder),
            () ->
                Optional.of(
                    (path, document) ->
                        RuleSeals.verify(
                            path,
                            document,
                            authority.roots(),
                            (_, serial) -> revoked.contains(serial),
                            now)));
    book = RuleBook.EMPTY;
  }

  private OperatorIdentity operator(OperatorRole role) {
    return new OperatorIdentity(
        authority.issue(new SpiffeId.Operator("hostmesh.local", role, "ann")), authority.roots());
  }

  private String signed(String text, long version) {
    return RuleSeals.seal(operator(OperatorRole.EDITOR), PATH, text, version, now);
  }

  /** The registry holds these texts for the rule now: none or one. */
  private RuleState registry(String... texts) {
    revision++;
    book =
        book.next(
            gate.judge(
                    List.of(texts).stream()
                        .map(text -> new RuleDocument(PATH, text, revision))
                        .toList())
                .orElseThrow(),
            known);
    return book.states().isEmpty()
        ? new RuleState(new RuleDocument(PATH, "", 0), Optional.empty(), List.of())
        : book.states().getFirst();
  }

  private static Optional<String> holds(RuleState state) {
    return state
        .inForce()
        .filter(rule -> !rule.standIn())
        .map(rule -> RuleSeals.text(rule.document().text()));
  }

  @Test
  void whatAnEditorSignedHolds() {
    RuleState state = registry(signed(ONLY_WEB, 1));
    assertThat(holds(state)).contains(ONLY_WEB);
    assertThat(state.problems()).isEmpty();
    assertThat(holds(registry(signed(ALSO_BATCH, 2)))).contains(ALSO_BATCH);
  }

  @Test
  void aRuleWithoutASignatureClosesAndOpensNothing() {
    RuleState state = registry(ALSO_BATCH);
    assertThat(holds(state)).isEmpty();
    assertThat(state.inForce().orElseThrow().standIn()).isTrue();
    assertThat(state.problems().getFirst().text()).contains("it has no operator's signature");
  }

  /** Whatever kind of rule could let more in, without a signature it lets less in. */
  @Test
  void rulesOfOtherKindsWithoutASignatureWidenNothingEither() {
    assertThat(unsigned("mode/default/greeter", "kind = mode, service = greeter, mode = disabled"))
        .isInstanceOfSatisfying(
            ModeRule.class, mode -> assertThat(mode.mode()).contains(MeshMode.STRICT));
    assertThat(
            unsigned(
                "authentication/default/greeter",
                """
                kind = authentication, service = greeter
                jwt = [ { name = eve, issuer = "https://eve.example", audiences = [ greeter ]
                          jwks { url = "https://eve.example/keys" } } ]
                """))
        .isInstanceOfSatisfying(
            AuthenticationRule.class,
            rule -> {
              assertThat(rule.required()).isTrue();
              assertThat(rule.issuers()).isEmpty();
            });
    assertThat(
            unsigned(
                "external-authorization/default/greeter",
                "kind = external-authorization, service = greeter, authoriser = eve,"
                    + " on-failure = allow"))
        .isInstanceOfSatisfying(
            ExternalAuthorizationRule.class,
            rule -> {
              assertThat(rule.authoriser())
                  .isInstanceOf(ExternalAuthorizationRule.Authoriser.Nobody.class);
              assertThat(rule.allowOnFailure()).isFalse();
            });
    assertThat(gate.judge(List.of(new RuleDocument(ROUTE, TO_BATCH, 1))).orElseThrow().alarms())
        .containsKey(ROUTE);
    assertThat(
            RuleBook.EMPTY
                .next(
                    gate.judge(List.of(new RuleDocument(ROUTE, TO_BATCH, 1))).orElseThrow(), known)
                .inForce())
        .as("a service's traffic goes nowhere else")
        .isEmpty();
  }

  private Rule unsigned(String path, String text) {
    RuleInForce rule =
        RuleBook.EMPTY
            .next(gate.judge(List.of(new RuleDocument(path, text, 1))).orElseThrow(), known)
            .inForce()
            .getFirst();
    assertThat(rule.standIn()).as(path).isTrue();
    return rule.rule();
  }

  @Test
  void aChangedRuleIsRefusedAndTheSignedOneStays() {
    String good = signed(ONLY_WEB, 1);
    RuleState _ = registry(good);
    for (String forged :
        List.of(
            ALSO_BATCH,
            good.replace("from = web", "from = batch"),
            ALSO_BATCH + good.substring(good.indexOf("# hostmesh-seal")),
            good.substring(0, good.length() - 20),
            "")) {
      RuleState state = registry(forged);
      assertThat(holds(state)).as(forged).contains(ONLY_WEB);
      assertThat(state.problems()).as(forged).isNotEmpty();
      assertThat(state.problems().getFirst().text()).contains("the signed version 1 stays");
    }
    assertThat(registry(good).problems()).isEmpty();
  }

  @Test
  void anOldSignedRuleDoesNotComeBackAlsoAfterARestart() throws IOException {
    String old = signed(ALSO_BATCH, 1);
    RuleState _ = registry(old);
    RuleState _ = registry(signed(ONLY_WEB, 2));
    for (int i = 0; i < 2; i++) {
      RuleState state = registry(old);
      assertThat(holds(state)).contains(ONLY_WEB);
      assertThat(state.problems().getFirst().text())
          .contains("it was rolled back from the signed version 2 to 1");
      restart();
    }
  }

  @Test
  void aDeletionNeedsASignatureToo() throws IOException {
    String good = signed(ONLY_WEB, 1);
    RuleState _ = registry(good);
    for (int i = 0; i < 2; i++) {
      RuleState state = registry();
      assertThat(holds(state)).contains(ONLY_WEB);
      assertThat(state.problems().getFirst().text())
          .contains("deleted in the registry without an operator's signature");
      restart();
    }
    OperatorIdentity admin = operator(OperatorRole.ADMIN);
    assertThat(holds(registry(RuleSeals.tombstone(admin, PATH, 2, now)))).isEmpty();
    assertThat(book.states()).isEmpty();
    assertThat(holds(registry(good))).isEmpty(); // It is gone for good.
    assertThat(holds(registry(signed(ONLY_WEB, 3)))).contains(ONLY_WEB);
  }

  @Test
  void aSignatureOutlivesItsCertificateButNotItsRevocation() throws IOException {
    OperatorIdentity ann = operator(OperatorRole.EDITOR);
    String document = RuleSeals.seal(ann, PATH, ONLY_WEB, 1, now);
    now = now.plus(Duration.ofDays(1));
    assertThat(holds(registry(document))).contains(ONLY_WEB);
    String late = RuleSeals.seal(ann, PATH, ALSO_BATCH, 2, now);
    assertThat(registry(late).problems().getFirst().text()).contains("not valid here");

    revoked.add(ann.svid().leaf().getSerialNumber());
    assertThatThrownBy(
            () ->
                gate.check(
                    PATH, RuleSeals.seal(ann, PATH, ALSO_BATCH, 3, now.minus(Duration.ofDays(1)))))
        .hasMessageContaining("was revoked");
  }

  @Test
  void othersSignaturesCountForNothing() {
    OperatorIdentity viewer = operator(OperatorRole.VIEWER);
    OperatorIdentity stranger =
        new OperatorIdentity(
            new TestAuthority("hostmesh.local")
                .issue(new SpiffeId.Operator("hostmesh.local", OperatorRole.ADMIN, "eve")),
            authority.roots());
    OperatorIdentity node =
        new OperatorIdentity(
            authority.issue(new SpiffeId.Operator("hostmesh.local", OperatorRole.EDITOR, "ann")),
            authority.roots());
    assertThatThrownBy(() -> gate.check(PATH, RuleSeals.seal(viewer, PATH, ONLY_WEB, 1, now)))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("who is no editor or admin");
    assertThatThrownBy(() -> gate.check(PATH, RuleSeals.seal(stranger, PATH, ONLY_WEB, 1, now)))
        .hasMessageContaining("not valid here");
    assertThatThrownBy(
            () -> gate.check(PATH, RuleSeals.seal(node, "access/default/vault", ONLY_WEB, 1, now)))
        .hasMessageContaining("its signature is for access/default/vault");
    assertThatThrownBy(() -> gate.check(PATH, ONLY_WEB))
        .hasMessageContaining("hostmesh apply --sign");
  }
}
