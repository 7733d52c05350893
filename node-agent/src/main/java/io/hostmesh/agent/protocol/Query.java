package io.hostmesh.agent.protocol;

import io.netty.handler.codec.http.QueryStringDecoder;
import java.util.List;
import java.util.Map;

/** The parameters of a request's query, as rules ask for them. */
public final class Query {
  private Query() {}

  /** Of a query that is not well-formed, nothing is there. */
  public static Map<String, List<String>> of(String target) {
    try {
      return new QueryStringDecoder(target).parameters();
    } catch (IllegalArgumentException _) {
      return Map.of();
    }
  }
}
