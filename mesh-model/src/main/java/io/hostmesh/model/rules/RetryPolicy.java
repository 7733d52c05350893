package io.hostmesh.model.rules;

import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/**
 * When a request is tried again, and how often.
 *
 * @param attempts tries in all, the first one included; 1 to 10
 * @param perTryTimeout how long a try's answer may take to begin; empty: as long as the request
 * @param on after what
 * @param headers lower-case names; an answer that has one of them asks for another try
 * @param methods upper-case, or {@code *}: beside the idempotent ones (RFC 9110 section 9.2.2),
 *     which may be repeated though an application may have seen them
 * @param bodyLimit bytes of a request that are kept to be sent again; a larger request is not
 *     repeated once more of it has come
 */
public record RetryPolicy(
    int attempts,
    Optional<Duration> perTryTimeout,
    RetryConditions on,
    Set<String> headers,
    Set<String> methods,
    Backoff backoff,
    int bodyLimit) {
  public static final int MAX_ATTEMPTS = 10;
  public static final int DEFAULT_ATTEMPTS = 3;
  public static final int DEFAULT_BODY_LIMIT = 64 * 1024;

  /** All methods, as {@link #methods} writes it. */
  public static final String ANY_METHOD = "*";

  /** What holds beside a rule that says nothing of retries. */
  public static final RetryPolicy DEFAULT =
      new RetryPolicy(
          DEFAULT_ATTEMPTS,
          Optional.empty(),
          new RetryConditions(
              Set.of(
                  RetryConditions.Kind.CONNECT_FAILURE,
                  RetryConditions.Kind.REFUSED_STREAM,
                  RetryConditions.Kind.RESET),
              Set.of(),
              Set.of()),
          Set.of(),
          Set.of(),
          Backoff.DEFAULT,
          DEFAULT_BODY_LIMIT);

  public RetryPolicy {
    headers = Set.copyOf(headers);
    methods = Set.copyOf(methods);
  }

  /** Whether the rule allows to repeat a method that is not idempotent. */
  public boolean allows(String method) {
    return methods.contains(ANY_METHOD) || methods.contains(method);
  }

  /**
   * How long to wait before a retry: a random part of a time that doubles with each (full jitter).
   *
   * @param base for the first retry
   * @param max for any
   */
  public record Backoff(Duration base, Duration max) {
    public static final Backoff DEFAULT =
        new Backoff(Duration.ofMillis(25), Duration.ofMillis(250));
  }
}
