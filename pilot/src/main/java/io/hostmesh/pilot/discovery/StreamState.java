package io.hostmesh.pilot.discovery;

import java.time.Instant;
import java.util.List;
import java.util.SortedSet;

/**
 * How one discovery stream stands. Immutable.
 *
 * @param version the agent's, empty until it has said so
 * @param features what the agent says that it understands
 * @param snapshot the version of the snapshot that it is being told
 * @param synced whether the agent has taken all of it
 * @param waitingSince when the oldest answer that is still unanswered was sent; {@link Instant#MAX}
 *     where none is
 */
public record StreamState(
    String node,
    String peer,
    Instant since,
    Instant certificateNotAfter,
    String version,
    List<String> features,
    String snapshot,
    boolean synced,
    Instant waitingSince,
    List<AdsSession.KindState> kinds,
    SortedSet<String> unknownKinds) {
  public StreamState {
    features = List.copyOf(features);
    kinds = List.copyOf(kinds);
  }
}
