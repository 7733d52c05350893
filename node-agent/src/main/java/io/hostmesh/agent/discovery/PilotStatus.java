package io.hostmesh.agent.discovery;

import io.hostmesh.api.ResourceType;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How discovery is doing.
 *
 * @param connected whether a stream to a pilot is open and has answered
 * @param pilot the pilot of the stream, or the last one tried
 * @param since when {@code connected} last changed
 * @param failure why there is no stream; empty while connected
 * @param version what pilot calls the snapshot that its last response was of
 * @param resources how many resources of each kind are in use
 * @param problems resources that were refused and things of a newer pilot that were ignored
 */
public record PilotStatus(
    boolean connected,
    String pilot,
    Instant since,
    Optional<String> failure,
    String version,
    Map<ResourceType, Integer> resources,
    List<String> problems) {
  public PilotStatus {
    resources = Map.copyOf(resources);
    problems = List.copyOf(problems);
  }
}
