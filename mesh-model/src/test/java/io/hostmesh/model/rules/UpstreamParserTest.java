package io.hostmesh.model.rules;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.model.hocon.HoconException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UpstreamParserTest {
  private static UpstreamRule parse(String text) {
    return (UpstreamRule) RuleParser.parse("u.conf", text);
  }

  @Test
  void aRuleSaysHowInstancesShare() {
    UpstreamRule rule =
        parse("kind = upstream, service = \"shop/*\", balance { policy = round-robin }");
    assertThat(rule.key().path()).isEqualTo("upstream/shop/*");
    assertThat(rule.upstream().balance().flatMap(Balance::policy))
        .contains(BalancePolicy.ROUND_ROBIN);
  }

  @Test
  void everyKeyOfBalanceIsRead() {
    Balance balance =
        parse(
                """
                kind = upstream, service = a
                balance {
                  policy = ring-hash
                  hash-on = [ { header = X-User }, { cookie = id }, { query = u }, { source-address = true } ]
                  ring-size { min = 10, max = 20 }
                  panic-threshold = 30%
                }
                """)
            .upstream()
            .balance()
            .orElseThrow();
    assertThat(balance.hashOn())
        .extracting(Balance.HashOn::part)
        .containsExactly(Balance.HashOn.Part.values());
    assertThat(balance.hashOn().getFirst().name()).isEqualTo("x-user");
    assertThat(balance.ring()).isEqualTo(new Balance.RingSize(10, 20));
    assertThat(balance.panicThreshold()).contains(Share.percent(30));
    assertThat(
            parse(
                    "kind = upstream, service = a, balance { slow-start { window = 30s, from = 5% } }")
                .upstream()
                .balance()
                .orElseThrow()
                .slowStart())
        .contains(new Balance.SlowStart(Duration.ofSeconds(30), 1, Share.percent(5)));
  }

  @Test
  void affinityHasACookieOfItsOwnUnlessItIsNamed() {
    assertThat(parse("kind = upstream, service = a, affinity { }").upstream().affinity())
        .contains(new Affinity("hostmesh-affinity", Optional.empty(), "/"));
    assertThat(
            parse("kind = upstream, service = a, affinity { cookie = id, ttl = 1h, path = /shop }")
                .upstream()
                .affinity())
        .contains(new Affinity("id", Optional.of(Duration.ofHours(1)), "/shop"));
  }

  @Test
  void eachSectionIsTheNarrowestOnesThatHasIt() {
    Upstream own = parse("kind = upstream, service = a, balance { policy = random }").upstream();
    Upstream mesh =
        parse("kind = upstream, service = \"*/*\", balance { policy = round-robin }").upstream();
    assertThat(Upstream.together(List.of(own, mesh))).isEqualTo(own);
    assertThat(Upstream.together(List.of(Upstream.NONE, mesh))).isEqualTo(mesh);
    assertThat(Upstream.together(List.of())).isSameAs(Upstream.NONE);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          kind = upstream, service = a                               | u.conf:1: balance: a rule needs
          kind = upstream, service = a, balance { }                  | balance.policy: the section says nothing
          kind = upstream, service = a, balance { policy = fastest } | balance.policy: \"fastest\"
          kind = upstream, service = a, balance { policy = maglev }  | u.conf:1: balance.policy: maglev needs a key: hash-on
          kind = upstream, service = a, balance { policy = ring-hash, hash-on = [] } | balance.hash-on: ring-hash needs a key
          kind = upstream, service = a, balance { policy = random, hash-on = [ { header = a } ] } | balance.hash-on: is for policy
          kind = upstream, service = a, balance { policy = maglev, hash-on = [ { header = a, cookie = b } ] } | hash-on[0]: an entry is one of
          kind = upstream, service = a, balance { policy = maglev, hash-on = [ { header = "a b" } ] } | is not a header's name
          kind = upstream, service = a, balance { policy = maglev, hash-on = [ { source-address = false } ] } | says nothing
          kind = upstream, service = a, balance { policy = maglev, hash-on = [ { cookie = a } ], ring-size { min = 3 } } | balance.ring-size: is for policy = ring-hash only
          kind = upstream, service = a, balance { policy = ring-hash, hash-on = [ { cookie = a } ], ring-size { min = 30, max = 20 } } | ring-size.max: 20 is not within 30 to 8388608
          kind = upstream, service = a, balance { policy = maglev, hash-on = [ { cookie = a } ], slow-start { window = 3s } } | slow-start is for the others
          kind = upstream, service = a, balance { slow-start { } } | balance.slow-start.window: is required
          kind = upstream, service = a, balance { slow-start { window = 2h } } | is not within 1ms to 1h
          kind = upstream, service = a, balance { slow-start { window = 2s, aggression = 0 } } | aggression: 0 is not within 0.1 to 10
          kind = upstream, service = a, balance { panic-threshold = 50 } | balance.panic-threshold: "50" is not a share
          kind = upstream, service = a, affinity { cookie = "a b" }  | u.conf:1: affinity.cookie: "a b" is not a cookie's name
          kind = upstream, service = a, affinity { ttl = 400d }      | affinity.ttl: 400d is not within 1s to 365d
          kind = upstream, service = a, affinity { ttl = 5ms }       | affinity.ttl: 5ms is not within 1s to 365d
          kind = upstream, service = a, affinity { ttl = 1500ms }    | affinity.ttl: 1500ms is not in whole seconds
          kind = upstream, service = a, affinity { cookie = __host-a } | affinity.cookie: "__host-a" begins with a prefix
          kind = upstream, service = a, affinity { path = "a;b" }    | affinity.path: "a;b" is not a cookie's path
          kind = upstream, service = a, affinity { cokie = a }       | did you mean "cookie"?
          kind = upstream, service = a, balnce { policy = random }   | did you mean "balance"?
          """)
  void whatCannotBeIsRefusedWithItsPlace(String text, String message) {
    assertThatThrownBy(() -> parse(text))
        .isInstanceOf(HoconException.class)
        .hasMessageContaining(message.replace("\\", ""));
  }
}
