package io.hostmesh.model.rules;

import java.util.Optional;

/**
 * What is done with requests on their way, and with their answers.
 *
 * @param path how the path is written anew
 * @param host what the application sees in place of the host that the caller named
 * @param sending how long it may take, and how often it is tried
 */
public record Handling(
    Optional<PathRewrite> path,
    Optional<String> host,
    HeaderChanges request,
    HeaderChanges response,
    Optional<Cors> cors,
    Sending sending) {
  /** Nothing. */
  public static final Handling NONE =
      new Handling(
          Optional.empty(),
          Optional.empty(),
          HeaderChanges.NONE,
          HeaderChanges.NONE,
          Optional.empty(),
          Sending.PLAIN);
}
