package io.hostmesh.agent.balance;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.agent.balance.Members.Candidate;
import io.hostmesh.agent.discovery.Endpoint;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.rules.OutlierDetection;
import io.hostmesh.model.rules.Share;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class OutliersTest {
  private static final OutlierDetection STANDARD = OutlierDetection.DEFAULT;

  private final List<Candidate> all = new ArrayList<>();
  private final List<String> told = new ArrayList<>();
  private Optional<OutlierDetection> rule = Optional.of(STANDARD);
  private long now = Long.MAX_VALUE - 5; // The clock may wrap around.
  private final Outliers outliers =
      new Outliers(
          () -> rule,
          () -> all,
          new Outliers.Listener() {
            @Override
            public void ejected(Candidate who, long nanos, String why) {
              told.add(
                  who.endpoint().instance()
                      + " out for "
                      + TimeUnit.NANOSECONDS.toSeconds(nanos)
                      + " s: "
                      + why);
            }

            @Override
            public void returned(Candidate who) {
              told.add(who.endpoint().instance() + " back");
            }
          });

  private static Candidate instance(int number) {
    return new Candidate(
        new Endpoint(
            ServiceName.of("shop"),
            "i" + number,
            "h" + number,
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 80),
            Optional.empty(),
            true,
            Map.of()),
        new Member());
  }

  private void instances(int count) {
    for (int i = 0; i < count; i++) {
      all.add(instance(i));
    }
    outliers.tick(now);
  }

  private void answers(int of, int status, int times) {
    for (int i = 0; i < times; i++) {
      outliers.answered(all.get(of), status, now);
    }
  }

  private void pass(int seconds) {
    for (int i = 0; i < seconds; i++) {
      now += TimeUnit.SECONDS.toNanos(1);
      outliers.tick(now);
    }
  }

  private long out() {
    return all.stream().filter(each -> each.member().ejected(now)).count();
  }

  @Test
  void fiveServerErrorsInARowEjectFor30SecondsAndTheNextTimeFor60() {
    instances(2);
    answers(0, 500, 4);
    answers(0, 404, 1);
    answers(0, 500, 4);
    assertThat(told).as("a 404 is an answer").isEmpty();
    answers(0, 500, 1);
    assertThat(told).containsExactly("i0 out for 30 s: 5 answers of 5xx in a row");
    assertThat(all.get(0).member().why(now))
        .isEqualTo("is ejected for 30 s: 5 answers of 5xx in a row");
    pass(29);
    assertThat(out()).isEqualTo(1);
    pass(1);
    assertThat(out()).isZero();
    assertThat(told).endsWith("i0 back");
    answers(0, 503, 5);
    assertThat(told).endsWith("i0 out for 60 s: 5 answers of 5xx in a row");
    pass(60 + 20);
    answers(0, 500, 5);
    assertThat(told)
        .as("two intervals without trouble forgive two times")
        .endsWith("i0 out for 30 s: 5 answers of 5xx in a row");
  }

  @Test
  void ofTwoOneMayBeOutAndTheLastOneNever() {
    instances(2);
    answers(0, 500, 5);
    answers(1, 500, 50);
    assertThat(out()).isEqualTo(1);
    all.removeFirst();
    all.getFirst().member().reached();
    answers(0, 500, 50);
    assertThat(all.getFirst().member().ejected(now)).isFalse();
  }

  @Test
  void gatewayErrorsHaveARowOfTheirOwn() {
    rule = Optional.of(detection(0, 3, 0));
    instances(3);
    answers(1, 500, 20);
    answers(1, 503, 2);
    answers(1, 500, 1);
    answers(1, 504, 2);
    assertThat(out()).isZero();
    answers(1, 502, 1);
    assertThat(told).containsExactly("i1 out for 30 s: 3 answers of 502, 503 or 504 in a row");
  }

  private static OutlierDetection detection(int errors, int gateway, int local) {
    return new OutlierDetection(
        errors,
        gateway,
        local,
        Optional.empty(),
        Optional.empty(),
        STANDARD.interval(),
        STANDARD.ejection(),
        STANDARD.maxEjection(),
        STANDARD.maxEjected());
  }

  @Test
  void whatGaveNoAnswerIsA503UnlessItIsCountedByItself() {
    instances(2);
    for (int i = 0; i < 5; i++) {
      outliers.failed(all.get(0), i == 2, now);
    }
    assertThat(told).containsExactly("i0 out for 30 s: 5 answers of 5xx in a row");
    pass(31);
    told.clear();
    rule = Optional.of(detection(1, 0, 3));
    outliers.failed(all.get(1), false, now);
    outliers.failed(all.get(1), false, now);
    outliers.answered(all.get(1), 200, now);
    outliers.failed(all.get(1), false, now);
    outliers.failed(all.get(1), false, now);
    assertThat(told).isEmpty();
    outliers.failed(all.get(1), true, now);
    assertThat(told).containsExactly("i1 out for 30 s: 3 failures without an answer in a row");
  }

  @Test
  void theOneThatFailsMoreOftenThanTheOthersIsFoundByItsRate() {
    rule =
        Optional.of(
            new OutlierDetection(
                0,
                0,
                0,
                Optional.of(OutlierDetection.SuccessRate.DEFAULT),
                Optional.empty(),
                STANDARD.interval(),
                STANDARD.ejection(),
                STANDARD.maxEjection(),
                STANDARD.maxEjected()));
    instances(6);
    for (int i = 0; i < 6; i++) {
      answers(i, 200, 100);
    }
    answers(3, 500, 40);
    pass(10);
    assertThat(told)
        .containsExactly(
            "i3 out for 30 s: 71.4% of its answers were good, where all have more" + " than 75.0%");
  }

  @Test
  void toFewRequestsOrInstancesTellNothing() {
    rule =
        Optional.of(
            new OutlierDetection(
                0,
                0,
                0,
                Optional.of(OutlierDetection.SuccessRate.DEFAULT),
                Optional.of(OutlierDetection.FailurePercentage.DEFAULT),
                STANDARD.interval(),
                STANDARD.ejection(),
                STANDARD.maxEjection(),
                STANDARD.maxEjected()));
    instances(5);
    for (int i = 0; i < 4; i++) {
      answers(i, 500, 100);
    }
    answers(4, 200, 49);
    pass(10);
    assertThat(told).isEmpty();
    for (int i = 0; i < 4; i++) {
      answers(i, 200, 100);
    }
    answers(4, 200, 10);
    answers(4, 501, 60);
    pass(10);
    assertThat(told).containsExactly("i4 out for 30 s: 85.7% of its answers failed");
  }

  @Test
  void withTheRuleGoneEverybodyIsBackAndForgiven() {
    instances(2);
    answers(0, 500, 5);
    rule = Optional.empty();
    pass(1);
    assertThat(out()).isZero();
    answers(0, 500, 50);
    assertThat(told).endsWith("i0 back");
    rule = Optional.of(STANDARD);
    answers(0, 500, 5);
    assertThat(told).endsWith("i0 out for 30 s: 5 answers of 5xx in a row");
  }

  @Test
  void anInstanceThatAnsweredMeanwhileStaysEjectedAndOneThatWasNotReachedHasItsOwnTime() {
    instances(3);
    answers(0, 500, 5);
    all.get(0).member().reached();
    assertThat(all.get(0).member().ejected(now)).isTrue();
    all.get(1).member().unreachable(now);
    assertThat(out()).isEqualTo(2);
    pass(2);
    assertThat(all.get(1).member().ejected(now)).isFalse();
    all.get(2).member().checked("GET /healthz: status 500");
    assertThat(all.get(2).member().why(now))
        .isEqualTo("fails its health check: GET /healthz: status 500");
    all.get(2).member().checked("");
    pass(30);
    assertThat(out()).isZero();
  }

  @Property(tries = 200)
  void neverAreMoreOutThanMayBeAndEachIsBackInTime(
      @ForAll @IntRange(min = 1, max = 12) int count,
      @ForAll @IntRange(min = 0, max = 100) int percent,
      @ForAll @Size(max = 80) List<@IntRange(min = 0, max = 9_999) Integer> events) {
    all.clear();
    told.clear();
    rule =
        Optional.of(
            new OutlierDetection(
                2,
                0,
                0,
                Optional.empty(),
                Optional.empty(),
                Duration.ofSeconds(2),
                Duration.ofSeconds(3),
                Duration.ofSeconds(10),
                Share.percent(percent)));
    instances(count);
    int most = Math.max(count > 1 ? 1 : 0, count * percent / 100);
    for (int event : events) {
      answers(event % count, event % 7 == 0 ? 200 : 500, 1 + event % 3);
      pass(event % 2);
      assertThat(out()).isLessThanOrEqualTo(most);
    }
    pass(11);
    assertThat(out()).as("10 s is the longest").isZero();
    assertThat(told.stream().filter(line -> line.contains("out for")).count())
        .isEqualTo(told.stream().filter(line -> line.endsWith("back")).count());
  }

  @Property
  void theTimeOutGrowsByItsFirstUpToTheLongest(
      @ForAll @IntRange(min = 1, max = 100_000) int times,
      @ForAll @IntRange(min = 0, max = 600) int seconds) {
    OutlierDetection detection =
        new OutlierDetection(
            5,
            0,
            0,
            Optional.empty(),
            Optional.empty(),
            Duration.ofSeconds(10),
            Duration.ofSeconds(seconds),
            Duration.ofSeconds(300),
            Share.percent(10));
    assertThat(detection.ejection(times).toSeconds())
        .isEqualTo(Math.min((long) times * seconds, Math.max(300, seconds)));
  }

  @Test
  void grpcsCodesAreHttps() {
    assertThat(GrpcStatus.http(0)).isEqualTo(200);
    assertThat(GrpcStatus.http(14)).isEqualTo(503);
    assertThat(GrpcStatus.http(4)).isEqualTo(504);
    assertThat(GrpcStatus.http(5)).isEqualTo(404);
    assertThat(GrpcStatus.http(99)).isEqualTo(500);
    assertThat(GrpcStatus.http(-1)).isEqualTo(500);
  }
}
