package io.hostmesh.model.rules;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.model.hocon.HoconException;
import io.hostmesh.model.rules.LocalityPolicy.Failover;
import io.hostmesh.model.rules.LocalityPolicy.Prefer;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LocalityParserTest {
  private static LocalityPolicy parse(String section) {
    UpstreamRule rule =
        (UpstreamRule)
            RuleParser.parse(
                "u.conf", "kind = upstream, service = a\nlocality { " + section + " }");
    return rule.upstream().locality().orElseThrow();
  }

  @Test
  void anEmptySectionPrefersTheZone() {
    assertThat(parse("")).isEqualTo(new LocalityPolicy(Prefer.ZONE, Share.percent(0), List.of()));
  }

  @Test
  void everyKeyIsRead() {
    assertThat(
            parse(
                """
                prefer = region, spill-over = 12.5%
                failover = [ { from = [ us-w, us-e ], to = ca }, { to = [ eu, us-w ] } ]
                """))
        .isEqualTo(
            new LocalityPolicy(
                Prefer.REGION,
                new Share(1250),
                List.of(
                    new Failover(Set.of("us-w", "us-e"), List.of("ca")),
                    new Failover(Set.of(), List.of("eu", "us-w")))));
    assertThat(parse("prefer = host").prefer()).isEqualTo(Prefer.HOST);
  }

  @Test
  void theFirstOrderThatHoldsACallersRegionDecides() {
    LocalityPolicy policy =
        parse("failover = [ { from = us-w, to = us-e }, { to = [ eu, us-e, us-w ] } ]");
    assertThat(policy.after("us-w")).containsExactly("us-e");
    assertThat(policy.after("us-e")).as("without its own").containsExactly("eu", "us-w");
    assertThat(policy.after("")).containsExactly("eu", "us-e", "us-w");
    assertThat(parse("").after("eu")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          prefer = rack                               | locality.prefer  | "rack" is not one of host, region, zone
          spill-over = 60%                            | spill-over       | is not within 0% to 50%
          spill-over = ten                            | spill-over       | write 0% to 100%
          failover = [ { from = eu } ]                | to               | is required
          failover = [ { to = [ eu, eu ] } ]          | to               | names the region "eu" twice
          failover = [ { to = "eu west" } ]           | to               | "eu west" is not a name
          failover = [ { from = eu, to = [ us, eu ] } ] | to             | "eu" is in from too
          failover = [ { to = eu }, { to = us } ]     | to               | is never asked
          failover = [ { from = a, to = eu }, { from = a, to = us } ] | from | is never asked
          spillover = 10%                             | spillover        | spill-over
          """)
  void whatCannotBeMeantIsRefusedWithItsPlace(String section, String key, String message) {
    assertThatThrownBy(() -> parse(section))
        .isInstanceOf(HoconException.class)
        .hasMessageContaining("u.conf:2")
        .hasMessageContaining(key)
        .hasMessageContaining(message);
  }
}
