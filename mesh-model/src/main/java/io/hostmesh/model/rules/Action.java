package io.hostmesh.model.rules;

import java.util.List;
import java.util.Optional;

/** What becomes of the requests that an entry of a route holds. */
public sealed interface Action {
  /**
   * They go on.
   *
   * @param targets never empty; their weights sum to more than 0
   */
  record Forward(List<RouteRule.Target> targets) implements Action {
    public Forward {
      targets = List.copyOf(targets);
    }
  }

  /**
   * The caller is told to ask elsewhere. What is empty stays what the request said.
   *
   * @param status 301, 302, 303, 307 or 308 (RFC 9110 section 15.4)
   * @param host with a port where it is not the scheme's own
   */
  record Redirect(
      int status, Optional<String> scheme, Optional<String> host, Optional<PathRewrite> path)
      implements Action {}

  /**
   * The caller's own agent answers.
   *
   * @param status 200 to 599
   * @param contentType of the body
   */
  record Respond(int status, String body, String contentType) implements Action {}
}
