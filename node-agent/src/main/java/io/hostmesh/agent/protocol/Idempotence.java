package io.hostmesh.agent.protocol;

import io.netty.handler.codec.http.HttpMethod;

/** Which requests do the same when they arrive twice (RFC 9110 section 9.2.2). */
public final class Idempotence {
  private Idempotence() {}

  public static boolean of(HttpMethod method) {
    return switch (method.name()) {
      case "GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE" -> true;
      default -> false;
    };
  }
}
