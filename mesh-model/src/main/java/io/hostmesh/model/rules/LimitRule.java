package io.hostmesh.model.rules;

import io.hostmesh.model.hocon.Origin;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * How many requests each service of the scope takes. Every limit of every rule that holds a service
 * is judged; a request needs the consent of all.
 *
 * @param limits never empty, with names of their own
 */
public record LimitRule(Scope scope, List<Limit> limits, Origin origin) implements Rule {
  public LimitRule {
    limits = List.copyOf(limits);
  }

  @Override
  public RuleKind kind() {
    return RuleKind.LIMIT;
  }

  /**
   * One limit: a bucket of {@code burst} tokens, of which each request takes one, and to which
   * {@code rate} brings them back.
   *
   * @param match which requests it counts; empty for all
   * @param reach whose requests are counted together
   * @param burst what may come at once, 1 or more
   * @param per what has a bucket of its own each, all of it together; empty for one bucket
   * @param dryRun what it would refuse is only counted and logged
   */
  public record Limit(
      String name,
      Optional<RequestMatch> match,
      Rate rate,
      int burst,
      List<Per> per,
      Reach reach,
      boolean dryRun,
      Origin origin) {
    /** The longest that an empty bucket may take to be full. */
    public static final Duration LONGEST = Duration.ofDays(366);

    /**
     * @throws IllegalArgumentException where the burst is out of its range
     */
    public Limit {
      per = List.copyOf(per);
      long most = LONGEST.toNanos() / rate.nanosEach();
      if (burst < 1 || burst > most) {
        throw new IllegalArgumentException(
            "a burst of "
                + burst
                + " is not within 1 to "
                + most
                + ", which "
                + rate
                + " brings back in "
                + LONGEST.toDays()
                + " days");
      }
    }

    /** Whether only requests can be judged by it, so that bare connections are not. */
    public boolean needsRequests() {
      return per.stream().anyMatch(Per.Header.class::isInstance)
          || match.filter(RequestMatch::needsRequests).isPresent();
    }

    /** Whether the same is counted in the same way, wherever the two stand. */
    public boolean counts(Limit other) {
      return name.equals(other.name)
          && rate.equals(other.rate)
          && burst == other.burst
          && per.equals(other.per)
          && reach == other.reach
          && match.equals(other.match);
    }

    /** For messages: {@code 100/s, burst 20, per source}. */
    public String shown() {
      StringBuilder text = new StringBuilder().append(rate).append(", burst ").append(burst);
      for (int i = 0; i < per.size(); i++) {
        text.append(i == 0 ? ", per " : " and ").append(per.get(i));
      }
      return (reach == Reach.MESH ? text.append(", in the whole mesh") : text).toString();
    }
  }

  /** Whose requests are counted together. */
  public enum Reach {
    /** Those of each instance. */
    INSTANCE,
    /** Those of all instances of the service. */
    MESH
  }

  /** What a bucket is for. */
  public sealed interface Per {
    /** The service that calls; callers without an identity are one. */
    record Source() implements Per {
      @Override
      public String toString() {
        return "source";
      }
    }

    /** The address of the host that calls. */
    record SourceAddress() implements Per {
      @Override
      public String toString() {
        return "source-address";
      }
    }

    /**
     * A header's value; requests without it are one.
     *
     * @param name lower-case
     */
    record Header(String name) implements Per {
      @Override
      public String toString() {
        return "header " + name;
      }
    }
  }
}
