package io.hostmesh.agent.discovery;

import io.hostmesh.api.ResourceType;
import java.time.Instant;
import java.time.InstantSource;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What there is to say of the talk with the pilots: in the log, and as a status. Written on one
 * context; {@link #status} is for any thread.
 */
final class PilotNotes {
  private static final System.Logger LOG = System.getLogger(PilotNotes.class.getName());
  private static final int KEPT_PROBLEMS = 20;

  private final InstantSource clock;
  private final Map<ResourceType, List<String>> refused = new EnumMap<>(ResourceType.class);
  private final Set<String> unknown = new LinkedHashSet<>();
  private volatile PilotStatus status;

  PilotNotes(InstantSource clock) {
    this.clock = clock;
    this.status =
        new PilotStatus(
            false, "", clock.instant(), Optional.of("not yet connected"), "", Map.of(), List.of());
  }

  PilotStatus status() {
    return status;
  }

  /** What a response brought that cannot be used. */
  void remember(String typeUrl, DiscoveryReducer.Step step) {
    for (String reason : step.refused()) {
      LOG.log(System.Logger.Level.WARNING, "refused from pilot: {0}", reason);
    }
    for (String what : step.unknown()) {
      if (unknown.size() < KEPT_PROBLEMS
          && unknown.add("pilot is newer than this agent: " + what)) {
        LOG.log(
            System.Logger.Level.WARNING,
            "ignored from pilot, which is newer than this agent: {0}",
            what);
      }
    }
    ResourceType.of(typeUrl)
        .ifPresent(
            type ->
                refused.put(
                    type,
                    step.refused().stream()
                        .limit(KEPT_PROBLEMS)
                        .map(reason -> "refused from pilot: " + reason)
                        .toList()));
  }

  /**
   * How the talk stands now.
   *
   * @param failure why there is no stream; empty while connected
   * @param state what is in use
   */
  void update(
      boolean connected,
      String pilot,
      Optional<String> failure,
      String version,
      DiscoveryState state) {
    Map<ResourceType, Integer> counts = new EnumMap<>(ResourceType.class);
    for (ResourceType type : ResourceType.values()) {
      counts.put(type, state.of(type).byName().size());
    }
    Set<String> problems = new LinkedHashSet<>(unknown);
    refused.values().forEach(problems::addAll);
    Instant since = status.connected() == connected ? status.since() : clock.instant();
    status =
        new PilotStatus(connected, pilot, since, failure, version, counts, List.copyOf(problems));
  }
}
