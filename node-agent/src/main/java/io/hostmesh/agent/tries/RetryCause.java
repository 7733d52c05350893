package io.hostmesh.agent.tries;

import io.hostmesh.agent.telemetry.Failure;
import io.hostmesh.model.rules.RetryConditions;
import io.hostmesh.model.rules.RetryConditions.Kind;
import io.hostmesh.model.rules.RetryPolicy;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Whether a policy asks for another try. */
final class RetryCause {
  private static final String TIMEOUT = "per-try-timeout";
  private static final String HEADER = "header";

  private RetryCause() {}

  /**
   * The condition that holds, as metrics call it.
   *
   * @param repeatable whether the request may be sent again though an application may have seen it
   * @return null where none holds
   */
  static @Nullable String of(RetryPolicy policy, boolean repeatable, Ending ending) {
    return switch (ending) {
      case Ending.Failed failed -> failed(policy.on().kinds(), repeatable, failed);
      case Ending.Answered answer -> answered(policy, repeatable, answer);
    };
  }

  private static @Nullable String failed(Set<Kind> on, boolean repeatable, Ending.Failed failed) {
    if (!isOfTheInstance(failed.kind())) {
      return null; // A refusal of this agent's own, which no other instance changes.
    }
    boolean tooLong = failed.kind() == Failure.Kind.TIMEOUT;
    if (failed.kind() == Failure.Kind.CONNECT_FAILED && on.contains(Kind.CONNECT_FAILURE)) {
      return Kind.CONNECT_FAILURE.text();
    }
    if (failed.unsent()
        && failed.kind() != Failure.Kind.CONNECT_FAILED
        && on.contains(Kind.REFUSED_STREAM)) {
      return tooLong ? TIMEOUT : Kind.REFUSED_STREAM.text();
    }
    if (!failed.unsent() && !repeatable) {
      return null;
    }
    if (failed.kind() != Failure.Kind.CONNECT_FAILED && on.contains(Kind.RESET)) {
      return tooLong ? TIMEOUT : Kind.RESET.text();
    }
    // Whoever asks for another try after 503 wants it where there is none of any status, too.
    return error(on, failed.kind().status(), tooLong ? TIMEOUT : null);
  }

  private static @Nullable String error(Set<Kind> on, int status, @Nullable String name) {
    boolean gateway = status >= 502 && status <= 504;
    if (gateway && on.contains(Kind.GATEWAY_ERROR)) {
      return name == null ? Kind.GATEWAY_ERROR.text() : name;
    }
    if (status >= 500 && status < 600 && on.contains(Kind.SERVER_ERROR)) {
      return name == null ? Kind.SERVER_ERROR.text() : name;
    }
    return null;
  }

  private static @Nullable String answered(
      RetryPolicy policy, boolean repeatable, Ending.Answered answer) {
    Failure.Kind reported = answer.reported();
    Set<Kind> on = policy.on().kinds();
    boolean unseen = false;
    if (reported != null) {
      if (isRefusal(reported)) {
        return null; // Another instance's answer would be the same, or the load only grow.
      }
      unseen = reported == Failure.Kind.CONNECT_FAILED || reported == Failure.Kind.LISTENER_REFUSED;
      String cause = failed(on, repeatable, new Ending.Failed(reported, unseen));
      if (cause != null) {
        return cause;
      }
    }
    int code = answer.grpcCode();
    if (code > 0 && policy.on().grpcCodes().contains(code)) {
      // A call's method is always POST; a rule that names a code means calls.
      return RetryConditions.grpcText(code);
    }
    if (!unseen && !repeatable) {
      return null;
    }
    if (policy.on().statuses().contains(answer.status())) {
      return String.valueOf(answer.status());
    }
    if (answer.status() == 409 && on.contains(Kind.RETRIABLE_4XX)) {
      return Kind.RETRIABLE_4XX.text();
    }
    return answer.marked() ? HEADER : error(on, answer.status(), null);
  }

  /** Whether another instance may do better. */
  private static boolean isOfTheInstance(Failure.Kind kind) {
    return switch (kind) {
      case CONNECT_FAILED,
          UPSTREAM_CLOSED,
          UPSTREAM_RESET,
          UPSTREAM_PROTOCOL,
          LISTENER_REFUSED,
          TIMEOUT ->
          true;
      default -> false;
    };
  }

  private static boolean isRefusal(Failure.Kind kind) {
    return switch (kind) {
      case CONNECT_FAILED,
          UPSTREAM_CLOSED,
          UPSTREAM_RESET,
          UPSTREAM_PROTOCOL,
          LISTENER_REFUSED,
          TIMEOUT,
          NO_HEALTHY_ENDPOINT,
          NO_ROUTE ->
          false;
      default -> true;
    };
  }
}
