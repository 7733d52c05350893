package io.hostmesh.model.rules;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.model.hocon.HoconException;
import java.util.List;
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
          kind = upstream, service = a, balance { }                  | balance.policy: is required
          kind = upstream, service = a, balance { policy = fastest } | balance.policy: \"fastest\"
          kind = upstream, service = a, balnce { policy = random }   | did you mean "balance"?
          """)
  void whatCannotBeIsRefusedWithItsPlace(String text, String message) {
    assertThatThrownBy(() -> parse(text))
        .isInstanceOf(HoconException.class)
        .hasMessageContaining(message.replace("\\", ""));
  }
}
