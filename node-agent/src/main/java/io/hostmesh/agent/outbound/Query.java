package io.hostmesh.agent.outbound;

import io.netty.handler.codec.http.QueryStringDecoder;
import java.util.List;
import java.util.Map;

/** The parameters of a request's query, as routes ask for them. */
final class Query {
  private Query() {}

  /** Of a query that is not well-formed, nothing is there. */
  static Map<String, List<String>> of(String target) {
    try {
      return new QueryStringDecoder(target).parameters();
    } catch (IllegalArgumentException _) {
      return Map.of();
    }
  }
}
