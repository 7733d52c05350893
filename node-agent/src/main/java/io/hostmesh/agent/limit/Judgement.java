package io.hostmesh.agent.limit;

import io.hostmesh.agent.authz.Mark;
import io.hostmesh.agent.authz.Verdict;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What all limits of a service say of a request.
 *
 * @param denied null where it may pass
 * @param standing with the limit that refuses, or otherwise the one that leaves the fewest; null
 *     where only limits on trial were asked
 * @param notes limits on trial that would have refused it
 */
public record Judgement(
    Verdict.@Nullable Denied denied, @Nullable Standing standing, List<Mark> notes) {
  public Judgement {
    notes = List.copyOf(notes);
  }

  /** The verdict on a request that may pass, with what limits noted. */
  public Verdict on(Verdict access) {
    if (denied != null) {
      return denied;
    }
    if (notes.isEmpty()) {
      return access;
    }
    List<Mark> all =
        java.util.stream.Stream.concat(access.notes().stream(), notes.stream()).toList();
    return new Verdict.Allowed(access.by(), all);
  }
}
