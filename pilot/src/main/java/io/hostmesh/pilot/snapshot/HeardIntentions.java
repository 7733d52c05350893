package io.hostmesh.pilot.snapshot;

import io.hostmesh.registry.Intentions;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What pilot knows of Consul's intentions. One that it may not read any more holds on, for it was
 * meant to restrict somebody, and nobody has taken it back. Immutable.
 *
 * @param known those that hold
 * @param refusal why the registry shows none at all now
 */
public record HeardIntentions(Intentions known, Optional<String> refusal) {
  public static final HeardIntentions NONE = new HeardIntentions(Intentions.NONE, Optional.empty());

  private static final String REMEDY =
      "; pilot's token needs service_prefix \"\" { policy = \"read\", intentions = \"read\" }";

  /** What an earlier run left on disk. */
  static HeardIntentions remembered(Intentions known) {
    return new HeardIntentions(known, Optional.empty());
  }

  /** The registry showed some; where it hides others, those that were known stay. */
  HeardIntentions shown(Intentions stored) {
    if (!stored.filtered()) {
      return new HeardIntentions(stored, Optional.empty());
    }
    TreeMap<String, Intentions.Stored> all = new TreeMap<>();
    known.entries().forEach(entry -> all.put(entry.name(), entry));
    stored.entries().forEach(entry -> all.put(entry.name(), entry));
    return new HeardIntentions(new Intentions(List.copyOf(all.values()), true), Optional.empty());
  }

  /** The registry shows none; what was known stays. */
  HeardIntentions refused(String why) {
    return new HeardIntentions(known, Optional.of(why));
  }

  /** The registry shows what it showed before it refused. */
  HeardIntentions answered() {
    return new HeardIntentions(known, Optional.empty());
  }

  /** Why there may be others, for people; empty where all is well. */
  Optional<String> problem() {
    return refusal
        .map(why -> "Consul's intentions cannot be read, so those known before hold on: " + why)
        .or(
            () ->
                known.filtered()
                    ? Optional.of(
                        "the registry hides some of Consul's intentions from pilot: those known"
                            + " before hold on, new ones are missing")
                    : Optional.empty())
        .map(problem -> problem + REMEDY);
  }
}
