package io.hostmesh.agent.protocol;

import io.hostmesh.agent.telemetry.Failure;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What is wrong with a request's head: never guessed at, always refused. */
final class H1Failures {
  private H1Failures() {}

  private static Failure malformed(String sentence) {
    return new Failure(Failure.Kind.MALFORMED, sentence);
  }

  /** Judges a head that could be read (RFC 9112 sections 3.2 and 6.1). */
  static @Nullable Failure check(HttpRequest head) {
    HttpVersion version = head.protocolVersion();
    if (!version.equals(HttpVersion.HTTP_1_1) && !version.equals(HttpVersion.HTTP_1_0)) {
      return malformed("HTTP version " + version + " is not spoken here");
    }
    List<String> hosts = head.headers().getAll(HttpHeaderNames.HOST);
    if (hosts.size() > 1 || (hosts.isEmpty() && version.equals(HttpVersion.HTTP_1_1))) {
      return malformed("a request has exactly one Host header, this one has " + hosts.size());
    }
    if (!hosts.isEmpty() && !Targets.isHost(hosts.getFirst())) {
      return malformed("the Host header is not a host with or without a port");
    }
    if (Tunnels.isConnect(head)) {
      return checkConnect(head);
    }
    if (!Targets.isTarget(head.uri())
        || (head.uri().equals("*") && !head.method().equals(HttpMethod.OPTIONS))) {
      return malformed("the request's target is not well-formed");
    }
    List<String> codings = head.headers().getAll(HttpHeaderNames.TRANSFER_ENCODING);
    if (codings.size() > 1
        || (codings.size() == 1 && !codings.getFirst().strip().equalsIgnoreCase("chunked"))) {
      return new Failure(
          Failure.Kind.NOT_IMPLEMENTED, "the only transfer coding supported is chunked");
    }
    return null;
  }

  /** Behind the head comes the tunnel, so a body would be bytes of it to some (RFC 9110 9.3.6). */
  private static @Nullable Failure checkConnect(HttpRequest head) {
    if (!Targets.isHostAndPort(head.uri())) {
      return malformed("the target of CONNECT is a host and a port");
    }
    if (head.headers().contains(HttpHeaderNames.TRANSFER_ENCODING)
        || !head.headers().get(HttpHeaderNames.CONTENT_LENGTH, "0").equals("0")) {
      return malformed("CONNECT has no body");
    }
    return null;
  }

  /** The authority of an absolute target is the host (RFC 9112 section 3.2.2). */
  static void hostOfTarget(HttpRequest head) {
    if (Targets.isAbsolute(head.uri())) {
      String authority = Targets.authority(head.uri());
      if (!authority.equals(head.headers().get(HttpHeaderNames.HOST))) {
        head.headers().set(HttpHeaderNames.HOST, authority);
      }
    }
  }
}
