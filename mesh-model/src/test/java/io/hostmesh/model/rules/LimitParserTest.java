package io.hostmesh.model.rules;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.model.ServiceName;
import io.hostmesh.model.hocon.HoconException;
import io.hostmesh.model.rules.LimitRule.Limit;
import io.hostmesh.model.rules.LimitRule.Per;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LimitParserTest {
  private static LimitRule rule(String limits) {
    return (LimitRule)
        RuleParser.parse(
            "shop.conf", "kind = limit, service = shop\nlimits = [\n" + limits + "\n]");
  }

  private static Limit limit(String rest) {
    return rule("{ name = all, " + rest + " }").limits().getFirst();
  }

  @Test
  void aDocumentIsReadWhole() {
    LimitRule rule =
        rule(
            """
            { name = all, rate = "100/s", burst = 20 }
            { name = users, rate = "10/h", per = [ source, header X-User, source-address ]
              dry-run = true }
            """);
    assertThat(rule.key().path()).isEqualTo("limit/default/shop");
    assertThat(rule.scope()).isEqualTo(Scope.of(ServiceName.of("shop")));
    Limit all = rule.limits().getFirst();
    assertThat(all.rate()).isEqualTo(new Rate(100, Duration.ofSeconds(1)));
    assertThat(all.burst()).isEqualTo(20);
    assertThat(all.per()).isEmpty();
    assertThat(all.needsRequests()).isFalse();
    Limit users = rule.limits().getLast();
    assertThat(users.per())
        .containsExactly(new Per.Source(), new Per.Header("x-user"), new Per.SourceAddress());
    assertThat(users.needsRequests()).isTrue();
    assertThat(users.dryRun()).isTrue();
    assertThat(users.shown())
        .isEqualTo("10/h, burst 10, per source and header x-user and source-address");
  }

  @Test
  void aRateIsSoManyInAPeriod() {
    assertThat(limit("rate = \"5000/m\"").rate().perSecond()).isEqualTo(5000 / 60.0);
    assertThat(limit("rate = \"10/h\"").rate().nanosEach()).isEqualTo(360_000_000_000L);
    assertThat(limit("rate = \"3/s\"").rate().nanosEach()).isEqualTo(333_333_334);
    assertThat(limit("rate = 1000/d").rate()).hasToString("1000/d");
    assertThat(limit("rate = \"1000000/s\"").burst()).isEqualTo(1_000_000);
  }

  @Test
  void aLimitMayBeForSomeRequestsAndForTheWholeMesh() {
    Limit limit = limit("rate = \"5/s\", scope = mesh, match { path = \"/slow/*\" }");
    assertThat(limit.reach()).isEqualTo(LimitRule.Reach.MESH);
    assertThat(limit.match().orElseThrow().readsPath()).isTrue();
    assertThat(limit.needsRequests()).isTrue();
    assertThat(limit.shown()).isEqualTo("5/s, burst 5, in the whole mesh");
    assertThat(limit("rate = \"5/s\", match { source = web }").needsRequests()).isFalse();
  }

  @Test
  void aRuleMayBeForANamespaceOrTheMesh() {
    for (String scope : new String[] {"shop/*", "*/*"}) {
      assertThat(
              RuleParser.parse(
                      "x",
                      "kind = limit, service = \""
                          + scope
                          + "\", limits = [ { name = a, rate = \"1/s\" } ]")
                  .key()
                  .path())
          .isEqualTo("limit/" + scope);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "rate = 100 | shop.conf:3: limits[0].rate: \"100\" is not a rate",
        "rate = \"100/ms\" | write for instance 100/s, 5000/m, 10/h or 1000/d",
        "rate = \"0/s\" | 0/s is not within 1/s to 1000000/s",
        "rate = \"1000001/s\" | 1000001/s is not within 1/s to 1000000/s",
        "rate = \"60000001/m\" | 60000001/m is not within 1/m to 60000000/m",
        "rate = \"-1/s\" | is not a rate",
        "rate = \"1/s\", burst = 0 | 0 is not within 1 to 1000000000",
        "rate = \"1/d\", burst = 367 | limits[0].burst: a burst of 367 is not within 1 to 366",
        "rate = \"1/s\", per = [ caller ] | is not one of source, source-address, header NAME",
        "rate = \"1/s\", per = [ header ] | is not one of source, source-address, header NAME",
        "rate = \"1/s\", per = [ header a b ] | is not one of source, source-address, header NAME",
        "rate = \"1/s\", per = [ source, source ] | \"source\" stands there twice",
        "rate = \"1/s\", brust = 3 | did you mean \"burst\"?",
        "rate = \"1/s\", match {} | an empty match",
        "rate = \"1/s\", match { source-meta { a = b } } | is known on the caller's host only",
        "rate = \"1/s\", scope = host | \"host\" is not one of instance, mesh",
        "rate = \"1/s\", scope = mesh, per = [ source ] | goes with scope = instance",
        "burst = 3 | limits[0].rate: is required and not set",
      })
  void whatIsWrongIsNamed(String rest, String message) {
    assertThatThrownBy(() -> limit(rest))
        .isInstanceOf(HoconException.class)
        .hasMessageContaining(message);
  }

  @Test
  void limitsHaveNamesOfTheirOwn() {
    assertThatThrownBy(() -> rule("{ rate = \"1/s\" }")).hasMessageContaining("limits[0].name");
    assertThatThrownBy(() -> rule("{ name = \"a b\", rate = \"1/s\" }"))
        .hasMessageContaining("is not a name");
    assertThatThrownBy(() -> rule("{ name = a, rate = \"1/s\" }\n{ name = a, rate = \"2/s\" }"))
        .hasMessageContaining("shop.conf:4: limits[1].name: \"a\" is another limit's name");
    assertThatThrownBy(() -> rule("")).hasMessageContaining("needs at least one limit");
  }
}
