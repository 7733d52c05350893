package io.hostmesh.agent.protocol;

import io.netty.handler.codec.http.HttpResponse;

/** Answers before the answer (RFC 9110 section 15.2). */
public final class Informational {
  private Informational() {}

  /** Whether another head will follow: 1xx, but not 101, after which HTTP is over. */
  public static boolean is(HttpResponse response) {
    int code = response.status().code();
    return code >= 100 && code < 200 && code != 101;
  }
}
