package io.hostmesh.agent.protocol;

import io.hostmesh.agent.telemetry.Failure;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import java.util.Optional;

/**
 * How the receiving agent tells the calling one that an answer is its own and why. Only agents see
 * the headers: applications' are taken out on the way in and out.
 */
public final class ReportedFailure {
  private static final AsciiString FAILURE = AsciiString.cached("hostmesh-failure");
  private static final AsciiString REASON = AsciiString.cached("hostmesh-reason");

  private ReportedFailure() {}

  static void put(HttpHeaders headers, Failure failure) {
    headers.set(FAILURE, failure.kind().name());
    headers.set(REASON, printable(failure.sentence()));
  }

  /** Takes it out of the headers. */
  static Optional<Failure> take(HttpHeaders headers) {
    String name = headers.get(FAILURE);
    if (name == null) {
      return Optional.empty();
    }
    String reason = headers.get(REASON, "");
    remove(headers);
    return of(name, reason);
  }

  /** Reads it, and leaves it there. */
  public static Optional<Failure> read(HttpHeaders headers) {
    String name = headers.get(FAILURE);
    return name == null ? Optional.empty() : of(name, headers.get(REASON, ""));
  }

  /** Writes it as an HTTP/2 answer's head. */
  public static Http2Headers refusal(Failure failure) {
    return new DefaultHttp2Headers()
        .status(String.valueOf(failure.kind().status()))
        .set(FAILURE, failure.kind().name())
        .set(REASON, printable(failure.sentence()));
  }

  /** Reads it from an HTTP/2 answer's head. */
  public static Optional<Failure> of(Http2Headers headers) {
    CharSequence name = headers.get(FAILURE);
    CharSequence reason = headers.get(REASON, "");
    return name == null ? Optional.empty() : of(name.toString(), reason.toString());
  }

  private static String printable(String sentence) {
    return sentence.replaceAll("[^ -~]", "?");
  }

  /** The failure of a name; empty for names of newer agents. */
  static Optional<Failure> of(String name, String reason) {
    for (Failure.Kind kind : Failure.Kind.values()) {
      if (kind.name().equals(name)) {
        return Optional.of(new Failure(kind, reason));
      }
    }
    return Optional.empty();
  }

  public static void remove(HttpHeaders headers) {
    headers.remove(FAILURE);
    headers.remove(REASON);
  }
}
