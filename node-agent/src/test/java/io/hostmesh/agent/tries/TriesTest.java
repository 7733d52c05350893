package io.hostmesh.agent.tries;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.agent.balance.Load;
import io.hostmesh.agent.telemetry.Failure;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.rules.RetryBudget;
import io.hostmesh.model.rules.RetryConditions;
import io.hostmesh.model.rules.RetryPolicy;
import io.hostmesh.model.rules.UpstreamLimits;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TriesTest {
  private static final long TEN_SECONDS = Duration.ofSeconds(10).toNanos();
  private static final Ending.Failed NEVER_SENT =
      new Ending.Failed(Failure.Kind.CONNECT_FAILED, true);
  private static final Ending.Failed BROKE = new Ending.Failed(Failure.Kind.UPSTREAM_RESET, false);

  private static Ending.Answered status(int status) {
    return new Ending.Answered(status, Ending.NO_GRPC, false, null, 0);
  }

  private static Ending.Answered grpc(int code) {
    return new Ending.Answered(200, code, false, null, 0);
  }

  private static Ending.Answered reported(Failure.Kind kind) {
    return new Ending.Answered(kind.status(), Ending.NO_GRPC, false, kind, 0);
  }

  private static Load budget(int retries) {
    return new Load(
        ServiceName.of("shop"),
        () ->
            new Load.Bounds(
                UpstreamLimits.NONE, new RetryBudget(RetryBudget.DEFAULT.share(), retries)));
  }

  private static RetryPolicy policy(int attempts, String... on) {
    return new RetryPolicy(
        attempts,
        Optional.empty(),
        RetryConditions.parse(List.of(on)),
        Set.of("x-again"),
        Set.of(),
        RetryPolicy.Backoff.DEFAULT,
        RetryPolicy.DEFAULT_BODY_LIMIT);
  }

  private static Tries tries(RetryPolicy policy, boolean repeatable) {
    return tries(policy, repeatable, budget(100));
  }

  /** Of a request that has ten seconds left. */
  private static Tries tries(RetryPolicy policy, boolean repeatable, Load budget) {
    return new Tries(policy, repeatable, budget, RandomGenerator.getDefault(), () -> TEN_SECONDS);
  }

  @Test
  void aRequestIsTriedAsOftenAsThePolicySaysAndItsLastAnswerIsTheCallers() {
    Tries tries = tries(policy(3, "5xx"), true);
    for (int number = 1; number <= 2; number++) {
      assertThat(tries.begin()).isEqualTo(number);
      assertThat(tries.after(status(503))).isInstanceOf(Tries.Next.Again.class);
    }
    tries.begin();
    assertThat(tries.after(status(503))).isEqualTo(new Tries.Next.GiveUp(Tries.Reason.USED_UP));
    assertThat(tries.begun()).isEqualTo(3);
  }

  @Test
  void whatIsGoodIsTaken() {
    Tries tries = tries(policy(3, "5xx", "unavailable", "409"), true);
    tries.begin();
    assertThat(tries.after(status(404))).isEqualTo(new Tries.Next.Take());
    assertThat(tries.after(grpc(0))).isEqualTo(new Tries.Next.Take());
    assertThat(tries.after(grpc(5))).isEqualTo(new Tries.Next.Take());
  }

  @ParameterizedTest
  @CsvSource({
    "5xx,            500, true",
    "5xx,            599, true",
    "5xx,            499, false",
    "gateway-error,  500, false",
    "gateway-error,  502, true",
    "gateway-error,  504, true",
    "gateway-error,  505, false",
    "retriable-4xx,  409, true",
    "retriable-4xx,  408, false",
    "429,            429, true",
    "429,            503, false",
    "connect-failure, 503, false",
    "reset,          503, false",
  })
  void answersAreJudgedByTheirStatus(String on, int status, boolean again) {
    assertThat(tries(policy(2, on), true).cause(status(status)) != null).isEqualTo(again);
    assertThat(tries(policy(2, on), false).cause(status(status)))
        .as("an application has seen it")
        .isNull();
  }

  @ParameterizedTest
  @CsvSource({
    "connect-failure, CONNECT_FAILED,  true,  true",
    "connect-failure, UPSTREAM_RESET,  true,  false",
    "refused-stream,  UPSTREAM_RESET,  true,  true",
    "refused-stream,  UPSTREAM_RESET,  false, false",
    "refused-stream,  CONNECT_FAILED,  true,  false",
    "reset,           UPSTREAM_CLOSED, false, true",
    "reset,           TIMEOUT,         false, true",
    "reset,           CONNECT_FAILED,  true,  false",
    "5xx,             CONNECT_FAILED,  true,  true",
    "gateway-error,   TIMEOUT,         false, true",
    "gateway-error,   UPSTREAM_PROTOCOL, false, true",
    "5xx,             OVERFLOW,        true,  false",
    "refused-stream,  OVERFLOW,        true,  false",
    "refused-stream,  NO_ROUTE,        true,  false",
    "reset,           OVERFLOW,        true,  false",
    "refused-stream,  TIMEOUT,         true,  true",
    "503,             UPSTREAM_RESET,  false, false",
    "unavailable,     UPSTREAM_RESET,  false, false",
  })
  void failuresAreJudgedByTheirKind(String on, Failure.Kind kind, boolean unsent, boolean again) {
    Ending.Failed failed = new Ending.Failed(kind, unsent);
    assertThat(tries(policy(2, on), true).cause(failed) != null).isEqualTo(again);
    assertThat(tries(policy(2, on), false).cause(failed) != null)
        .as("a request that is repeated only where no byte of it was seen")
        .isEqualTo(again && unsent);
  }

  @Test
  void aLimitOfThisHostIsTheCallersToSeeAndNoReasonForAnotherTry() {
    RetryPolicy standard =
        new RetryPolicy(
            3,
            Optional.empty(),
            RetryConditions.DEFAULT,
            Set.of(),
            Set.of(),
            RetryPolicy.Backoff.DEFAULT,
            RetryPolicy.DEFAULT_BODY_LIMIT);
    Tries tries = tries(standard, true);
    tries.begin();
    assertThat(tries.after(new Ending.Failed(Failure.Kind.OVERFLOW, true)))
        .isEqualTo(new Tries.Next.Take());
  }

  @Test
  void theAgentOfTheInstanceIsBelievedWhereItSaysThatTheApplicationSawNothing() {
    Tries post = tries(policy(2, "connect-failure", "gateway-error"), false);
    assertThat(post.cause(reported(Failure.Kind.CONNECT_FAILED))).isEqualTo("connect-failure");
    assertThat(post.cause(reported(Failure.Kind.LISTENER_REFUSED))).isEqualTo("gateway-error");
    assertThat(post.cause(reported(Failure.Kind.UPSTREAM_CLOSED))).isNull();
    assertThat(post.cause(reported(Failure.Kind.ACCESS_DENIED))).isNull();
    Tries get = tries(policy(2, "gateway-error", "5xx", "503"), true);
    assertThat(get.cause(reported(Failure.Kind.UPSTREAM_CLOSED))).isNotNull();
    assertThat(get.cause(reported(Failure.Kind.OVERFLOW)))
        .as("more load is no help against too much of it")
        .isNull();
  }

  @Test
  void aRuleThatNamesAGrpcCodeMeansCallsWhoseMethodIsAlwaysPost() {
    assertThat(tries(policy(2, "unavailable"), false).cause(grpc(14))).isEqualTo("unavailable");
    assertThat(tries(policy(2, "unavailable"), false).cause(grpc(13))).isNull();
    assertThat(tries(policy(2, "5xx"), false).cause(grpc(14))).isNull();
  }

  @Test
  void aServiceMayAskForAnotherTryByAHeader() {
    Ending.Answered marked = new Ending.Answered(200, Ending.NO_GRPC, true, null, 0);
    assertThat(tries(policy(2, "5xx"), true).cause(marked)).isEqualTo("header");
    assertThat(tries(policy(2, "5xx"), false).cause(marked)).isNull();
  }

  @Test
  void aRequestThatIsNotKeptIsNotRepeated() {
    Tries tries = tries(policy(3, "5xx"), true);
    tries.begin();
    tries.tooLarge();
    assertThat(tries.after(status(500))).isEqualTo(new Tries.Next.GiveUp(Tries.Reason.TOO_LARGE));
    assertThat(tries.hedge()).isFalse();
  }

  @Test
  void whereManyRequestsFailOnlyTheBudgetsShareIsRepeated() {
    Load budget = budget(3);
    int again = 0;
    for (int i = 0; i < 50; i++) {
      Tries tries = tries(policy(3, "5xx"), true, budget);
      tries.begin();
      again += tries.after(status(500)) instanceof Tries.Next.Again ? 1 : 0;
    }
    assertThat(again).isEqualTo(3);
    Tries one = tries(policy(3, "5xx"), true, budget);
    one.begin();
    assertThat(one.hedge()).as("hedges have their place in the same budget").isFalse();
    one.ended();
    assertThat(one.hedge()).isTrue();
  }

  @Test
  void whatWasNeverSentGoesToTheNextInstanceAtOnceButNotForEver() {
    Tries tries = tries(policy(10, "connect-failure"), true);
    tries.begin();
    assertThat(tries.after(NEVER_SENT)).isEqualTo(new Tries.Next.Again("connect-failure", 0));
    long waited = 0;
    for (int i = 0; i < 8; i++) {
      tries.begin();
      waited += ((Tries.Next.Again) tries.after(NEVER_SENT)).nanos();
    }
    assertThat(waited).isPositive();
  }

  @Test
  void aServiceThatSaysWhenToComeBackIsLeftInPeaceForAsLong() {
    Tries tries = tries(policy(9, "503", "429"), true);
    tries.begin();
    Tries.Next next = tries.after(busy(503, 2));
    assertThat(((Tries.Next.Again) next).nanos())
        .isBetween(Duration.ofSeconds(2).toNanos(), Duration.ofMillis(2250).toNanos());
    tries.begin();
    assertThat(tries.after(busy(429, 10))).isInstanceOf(Tries.Next.Again.class);
    tries.begin();
    assertThat(tries.after(busy(429, 11)))
        .as("longer than the caller waits")
        .isEqualTo(new Tries.Next.GiveUp(Tries.Reason.RETRY_AFTER));
  }

  private static Ending.Answered busy(int status, int seconds) {
    return new Ending.Answered(
        status, Ending.NO_GRPC, false, null, Duration.ofSeconds(seconds).toNanos());
  }

  @Test
  void aRuleForOneAttemptRepeatsNothing() {
    Tries tries = tries(policy(1, "connect-failure", "reset"), true);
    tries.begin();
    assertThat(tries.after(NEVER_SENT)).isInstanceOf(Tries.Next.GiveUp.class);
    assertThat(tries.after(BROKE)).isInstanceOf(Tries.Next.GiveUp.class);
  }

  /** Full jitter: anything from nothing to the doubled base, never more than the maximum. */
  @Test
  void retriesWaitARandomPartOfATimeThatDoubles() {
    Random random = new Random(7);
    for (int i = 0; i < 200; i++) {
      Duration base = Duration.ofMillis(1 + random.nextInt(1000));
      Duration max = base.multipliedBy(1 + random.nextInt(20));
      RetryPolicy.Backoff backoff = new RetryPolicy.Backoff(base, max);
      long longest = 0;
      for (int retry = 1; retry <= 9; retry++) {
        long most = Math.min(base.toNanos() << (retry - 1), max.toNanos());
        for (int draw = 0; draw < 20; draw++) {
          long nanos = Backoff.nanos(backoff, retry, random);
          assertThat(nanos).isBetween(0L, most);
          longest = Math.max(longest, nanos);
        }
      }
      assertThat(longest).as("of 180 draws").isGreaterThan(max.toNanos() / 20);
    }
    assertThat(
            Backoff.nanos(
                new RetryPolicy.Backoff(Duration.ofMinutes(1), Duration.ofMinutes(10)),
                100,
                random))
        .isBetween(0L, Duration.ofMinutes(10).toNanos());
  }

  @Test
  void conditionsAreWrittenAsTheyAreRead() {
    List<String> texts = List.of("429", "5xx", "connect-failure", "unavailable");
    assertThat(RetryConditions.parse(texts).texts()).isEqualTo(texts);
  }
}
