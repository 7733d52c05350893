package io.hostmesh.model.rules;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.model.hocon.HoconException;
import io.hostmesh.model.rules.ActiveCheck.Question;
import io.hostmesh.model.rules.ActiveCheck.StatusRange;
import java.time.Duration;
import java.util.List;
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
  void checksAreOfThreeKinds() {
    assertThat(
            parse(
                    "health-checks = [ { http = /healthz, interval = 5s, expect = [200-299, 404] },"
                        + " { grpc = \"\" }, { tcp = true, unhealthy = 1 } ]")
                .checks())
        .containsExactly(
            new ActiveCheck(
                new Question.Http(
                    "/healthz", List.of(new StatusRange(200, 299), new StatusRange(404, 404))),
                Duration.ofSeconds(5),
                Duration.ofSeconds(1),
                2,
                3),
            new ActiveCheck(
                new Question.Grpc(""), Duration.ofSeconds(2), Duration.ofSeconds(1), 2, 3),
            new ActiveCheck(
                new Question.Tcp(), Duration.ofSeconds(2), Duration.ofSeconds(1), 2, 1));
  }

  @Test
  void eachSectionIsTheNarrowestOnesThatHasIt() {
    Upstream own = Upstream.of(parse("limits { pending = 5 }"));
    Upstream mesh =
        Upstream.of(
            parse("limits { requests = 7 }, outliers { }, health-checks = [ { tcp = true } ]"));
    Protection both = Upstream.together(List.of(own, mesh)).protection();
    assertThat(both.limits()).isEqualTo(own.protection().limits());
    assertThat(both.outliers()).isPresent();
    assertThat(both.checks()).hasSize(1);
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
          health-checks = [ { } ]                           | u.conf:2: health-checks[0]: a check is one of
          health-checks = [ { tcp = true, grpc = a } ]      | this is several
          health-checks = [ { http = healthz } ]            | health-checks[0].http: "healthz" is not a path
          health-checks = [ { http = /, timeout = 1ms } ]   | health-checks[0].timeout: is not within 100ms to 1h
          health-checks = [ { http = /, expect = [2xx] } ]  | health-checks[0].expect: "2xx" is not a status
          health-checks = [ { tcp = true, expect = 200 } ]  | health-checks[0].expect: statuses are expected of http
          """)
  void whatCannotBeIsRefusedWithItsPlace(String sections, String message) {
    assertThatThrownBy(() -> parse(sections))
        .isInstanceOf(HoconException.class)
        .hasMessageContaining(message);
  }
}
