package io.hostmesh.agent.upstream;

import io.hostmesh.agent.telemetry.Failure;
import java.security.cert.CertificateException;

/** A connection or stream that could not be opened; nothing was sent on it. */
public final class UpstreamException extends Exception {
  private static final long serialVersionUID = 1L;

  private final transient Failure failure;

  public UpstreamException(Failure failure) {
    super(failure.sentence(), null, false, false);
    this.failure = failure;
  }

  public Failure failure() {
    return failure;
  }

  /** The failure behind any cause. */
  public static Failure of(Throwable cause, String where) {
    return cause instanceof UpstreamException upstream
        ? upstream.failure()
        : notConnected(where, reason(cause));
  }

  /** There is no connection to where one was wanted. */
  static Failure notConnected(String where, String why) {
    return new Failure(Failure.Kind.CONNECT_FAILED, "could not connect to " + where + ": " + why);
  }

  /** In one line; of a handshake, what is wrong with the peer's certificate. */
  static String reason(Throwable failure) {
    Throwable cause = failure;
    for (Throwable each = failure; each != null; each = each.getCause()) {
      if (each instanceof CertificateException) {
        cause = each;
        break;
      }
    }
    String message = cause.getMessage();
    return message == null
        ? cause.getClass().getSimpleName()
        : message.lines().findFirst().orElse(message);
  }
}
