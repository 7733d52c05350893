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

class ProtectionParserTest {
  private static Protection parse(String sections) {
    UpstreamRule rule =
        (UpstreamRule) RuleParser.parse("u.conf", "kind = upstream, service = a\n" + sections);
    return rule.upstream().protection();
  }

  @Test
  void limitsThatAreNotSetAreNone() {
    UpstreamLimits limits = parse("limits { requests = 100 }").limits().orElseThrow();
    assertThat(limits.requests()).isEqualTo(100);
    assertThat(limits.pending()).isEqualTo(UpstreamLimits.UNLIMITED);
    assertThat(parse("retry-budget { share = 12.5% }").retryBudget())
        .contains(new RetryBudget(new Share(1250), 3));
  }

  @Test
  void outliersHaveEnvoysDefaults() {
    assertThat(parse("outliers { }").outliers()).contains(OutlierDetection.DEFAULT);
    OutlierDetection outliers =
        parse("outliers { success-rate { factor = 2.5 }, failure-percentage { min-hosts = 2 } }")
            .outliers()
            .orElseThrow();
    assertThat(outliers.successRate()).contains(new OutlierDetection.SuccessRate(2500, 5, 100));
    assertThat(outliers.failurePercentage())
        .contains(new OutlierDetection.FailurePercentage(Share.percent(85), 2, 50));
    assertThat(outliers.ejection(1)).isEqualTo(Duration.ofSeconds(30));
  }

  @Test
  void eachSectionIsTheNarrowestOnesThatHasIt() {
    Upstream own = new Upstream(Optional.empty(), parse("limits { pending = 5 }"));
    Upstream mesh = new Upstream(Optional.empty(), parse("limits { requests = 7 }, outliers { }"));
    Protection both = Upstream.together(List.of(own, mesh)).protection();
    assertThat(both.limits()).isEqualTo(own.protection().limits());
    assertThat(both.outliers()).isPresent();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      textBlock =
          """
          limits { }                                        | u.conf:2: limits: limits nothing
          limits { requests = 0 }                           | u.conf:2: limits.requests: 0 is not within 1 to 1000000
          limits { request = 5 }                            | did you mean "requests"?
          retry-budget { share = 20 }                       | u.conf:2: retry-budget.share: "20" is not a share
          retry-budget { min = -1 }                         | u.conf:2: retry-budget.min: -1 is not within 0
          outliers { consecutive-5xx = 0 }                  | u.conf:2: outliers: nothing would be ejected
          outliers { consecutive = 5 }                      | u.conf:2: outliers.consecutive: unknown key
          outliers { interval = 0s }                        | u.conf:2: outliers.interval: is not within 1s to 1d
          outliers { max-ejection = 10s }                   | u.conf:2: outliers.max-ejection: is shorter than ejection
          outliers { max-ejected = 200% }                   | u.conf:2: outliers.max-ejected: "200%" is not a share
          outliers { success-rate { factor = much } }       | u.conf:2: outliers.success-rate.factor: "much" is not a number
          outliers { success-rate { min-hosts = 1 } }       | u.conf:2: outliers.success-rate.min-hosts: 1 is not within 2
          outliers { failure-percentage { threshold = 0% } } | threshold: is 0%, which everybody reaches
          """)
  void whatCannotBeIsRefusedWithItsPlace(String sections, String message) {
    assertThatThrownBy(() -> parse(sections))
        .isInstanceOf(HoconException.class)
        .hasMessageContaining(message);
  }
}
