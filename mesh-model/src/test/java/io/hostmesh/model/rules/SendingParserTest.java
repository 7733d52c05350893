package io.hostmesh.model.rules;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.model.ServiceName;
import io.hostmesh.model.hocon.HoconException;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SendingParserTest {
  private static Sending sending(String entry) {
    RouteRule rule =
        (RouteRule)
            RuleParser.parse(
                "shop.conf",
                "kind = route\nservice = shop\nrules = [ { to = [ { } ]\n" + entry + "\n} ]");
    return rule.entries().getFirst().handling().sending();
  }

  @Test
  void whatIsNotSaidHasItsDefault() {
    assertThat(sending("").isPlain()).isTrue();
    assertThat(sending("retry { }").retry())
        .contains(
            new RetryPolicy(
                3,
                Optional.empty(),
                RetryConditions.DEFAULT,
                Set.of(),
                Set.of(),
                RetryPolicy.Backoff.DEFAULT,
                64 * 1024));
    assertThat(sending("retry { backoff { base = 10ms } }").retry().orElseThrow().backoff())
        .isEqualTo(new RetryPolicy.Backoff(Duration.ofMillis(10), Duration.ofMillis(100)));
  }

  @Test
  void allOfItIsRead() {
    Sending sending =
        sending(
            """
            timeout = 2s
            retry {
              attempts = 5, per-try-timeout = 500ms, on = [ 5xx, 429, unavailable ]
              headers = [ X-Again ], methods = [ post ], body-limit = 1KiB
              backoff { base = 5ms, max = 1s }
            }
            hedge { percentile = p95, most = 2 }
            """);
    assertThat(sending.timeout()).contains(Duration.ofSeconds(2));
    RetryPolicy retry = sending.retry().orElseThrow();
    assertThat(retry.on().texts()).containsExactly("429", "5xx", "unavailable");
    assertThat(retry.headers()).containsExactly("x-again");
    assertThat(retry.allows("POST")).isTrue();
    assertThat(retry.allows("PATCH")).isFalse();
    assertThat(retry.bodyLimit()).isEqualTo(1024);
    assertThat(sending.hedge())
        .contains(new HedgePolicy(new HedgePolicy.Slowness.Percentile(95), 2));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "timeout = 0s | rules[0].timeout | 0ms is not within 1ms to 60m",
        "timeout = 2 | rules[0].timeout | 2 has no unit",
        "retry { attempts = 11 } | rules[0].retry.attempts | 11 is not within 1 to 10",
        "retry { attempts = 0 } | rules[0].retry.attempts | 0 is not within 1 to 10",
        "retry { on = [ 6xx ] } | rules[0].retry.on | \"6xx\" is not one of connect-failure,",
        "retry { on = [ 200 ] } | rules[0].retry.on | \"200\" is not one of connect-failure,",
        "retry { on = [ ] } | rules[0].retry.on | would never retry",
        "retry { per-try-timeout = 2h } | rules[0].retry.per-try-timeout | 7200000ms is not within",
        "retry { headers = [ \"a b\" ] } | rules[0].retry.headers | is not a header name",
        "retry { methods = [ \"P T\" ] } | rules[0].retry.methods | is not an HTTP method",
        "retry { body-limit = 1GiB } | rules[0].retry.body-limit | are not within 0 to 16MiB",
        "retry { backoff { base = 2s, max = 1s } } | retry.backoff.max | is shorter than base",
        "retry { tries = 3 } | rules[0].retry.tries | unknown key",
        "hedge { } | rules[0].hedge.after | one of after",
        "hedge { after = 5ms, percentile = p95 } | hedge.percentile | one of after",
        "hedge { percentile = 95 } | rules[0].hedge.percentile | write p50 to p99",
        "fault { } | rules[0].fault.delay | a fault has delay",
        "fault { delay { } } | rules[0].fault.delay.time | is required",
        "fault { delay { time = 1s, percent = 101% } } | fault.delay.percent | is not a share",
        "fault { abort { } } | rules[0].fault.abort.status | an abort has status",
        "fault { abort { status = 200 } } | fault.abort.status | 200 is not within 400 to 599",
        "fault { abort { grpc-status = 17 } } | fault.abort.grpc-status | not within 1 to 16",
        "mirror { } | rules[0].mirror | is a mirror to itself",
        "mirror { service = shop } | rules[0].mirror.service | is a mirror to itself",
        "mirror { subset = v9 } | rules[0].mirror.subset | unknown subset",
        "mirror { subset = \"*\" } | rules[0].mirror.subset | is no subset",
        "hedge { after = 5ms, most = 4 } | rules[0].hedge.most | 4 is not within 1 to 3",
      })
  void whatIsWrongIsSaidWithItsPlace(String entry, String key, String why) {
    assertThatThrownBy(() -> sending(entry))
        .isInstanceOf(HoconException.class)
        .hasMessageContaining("shop.conf:4")
        .hasMessageContaining(key)
        .hasMessageContaining(why);
  }

  @Test
  void faultsAndMirrorsAreRead() {
    Sending sending =
        sending(
            """
            fault {
              delay { time = 2s, percent = 0.5% }
              abort { status = 503, grpc-status = 14 }
              header { X-Chaos = yes }
            }
            mirror { service = other/audit, subset = v2, percent = 10% }
            """);
    FaultPolicy fault = sending.fault().orElseThrow();
    assertThat(fault.delay()).contains(new FaultPolicy.Delay(Duration.ofSeconds(2), new Share(50)));
    assertThat(fault.abort())
        .contains(
            new FaultPolicy.Abort(OptionalInt.of(503), OptionalInt.of(14), Share.percent(100)));
    assertThat(fault.headers()).containsOnlyKeys("x-chaos");
    assertThat(sending.mirror())
        .contains(
            new MirrorPolicy(
                Optional.of(new ServiceName("other", "audit")),
                Optional.of("v2"),
                Share.percent(10)));
  }

  @Test
  void aTryThatMayTakeLongerThanTheRequestIsRefused() {
    assertThatThrownBy(() -> sending("timeout = 1s\nretry { per-try-timeout = 2s }"))
        .hasMessageContaining("longer than the timeout of the whole request (1000ms)");
  }

  @Test
  void whatGoesNowhereIsNotSentInAnyWay() {
    assertThatThrownBy(
            () ->
                RuleParser.parse(
                    "shop.conf",
                    """
                    kind = route, service = shop
                    rules = [ { respond { status = 200 }, timeout = 1s } ]
                    """))
        .hasMessageContaining("go nowhere");
  }
}
