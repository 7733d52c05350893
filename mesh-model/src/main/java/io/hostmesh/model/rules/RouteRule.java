package io.hostmesh.model.rules;

import io.hostmesh.model.ServiceName;
import io.hostmesh.model.hocon.Origin;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Where a service's requests go. The first entry whose match holds decides; where none does, a
 * request goes to all instances of the service, as it would without a rule.
 *
 * @param subsets named groups of the service's instances, by metadata
 * @param entries in order of precedence
 */
public record RouteRule(
    ServiceName service, Map<String, Subset> subsets, List<Entry> entries, Origin origin)
    implements Rule {

  public RouteRule {
    subsets = Map.copyOf(subsets);
    entries = List.copyOf(entries);
  }

  @Override
  public Scope scope() {
    return Scope.of(service);
  }

  @Override
  public RuleKind kind() {
    return RuleKind.ROUTE;
  }

  /** Whether deciding needs a request, so that a bare connection cannot be routed by it. */
  public boolean needsRequests() {
    return entries.stream().anyMatch(Entry::needsRequests);
  }

  /** Whether an entry asks for paths, which must have one meaning then. */
  public boolean readsPaths() {
    return entries.stream().anyMatch(Entry::readsPath);
  }

  /**
   * The instances whose metadata has all of these values.
   *
   * @param meta never empty
   */
  public record Subset(String name, Map<String, String> meta, Origin origin) {
    public Subset {
      meta = Map.copyOf(meta);
    }

    public boolean selects(Map<String, String> instanceMeta) {
      return meta.entrySet().stream()
          .allMatch(wanted -> wanted.getValue().equals(instanceMeta.get(wanted.getKey())));
    }
  }

  /**
   * @param name for logs and messages
   * @param match empty where the entry holds for every request
   */
  public record Entry(
      Optional<String> name,
      Optional<RequestMatch> match,
      Action action,
      Handling handling,
      Origin origin) {
    /** The targets of an entry that sends requests on; empty where it answers by itself. */
    public List<Target> targets() {
      return action instanceof Action.Forward(List<Target> targets) ? targets : List.of();
    }

    /** How the path is written anew: of requests that go on, or in a redirect's location. */
    public Optional<PathRewrite> rewrite() {
      return action instanceof Action.Redirect redirect ? redirect.path() : handling.path();
    }

    /**
     * The path that it makes of a request's; of one that is not rewritten, the same.
     *
     * @param path that it holds, as paths are judged
     */
    public NormalPath.Reading rewritten(String path) {
      PathRewrite rewrite = rewrite().orElse(null);
      return rewrite == null
          ? new NormalPath.Reading.Normal(new NormalPath(path, path))
          : NormalPath.made(rewrite.apply(path, match.map(RequestMatch::paths).orElse(List.of())));
    }

    boolean readsPath() {
      return match.filter(RequestMatch::readsPath).isPresent() || rewrite().isPresent();
    }

    boolean needsRequests() {
      return match.filter(RequestMatch::needsRequests).isPresent()
          || !(action instanceof Action.Forward)
          || !handling.equals(Handling.NONE);
    }
  }

  /**
   * @param service empty for the rule's own service
   * @param subset of that service, as its own route declares it; empty for all instances
   * @param fallback the subset that is used while none of {@code subset} is well, or {@link #ALL};
   *     empty where none is
   * @param weight 0 or more, relative to the entry's other targets
   */
  public record Target(
      Optional<ServiceName> service,
      Optional<String> subset,
      Optional<String> fallback,
      int weight,
      Origin origin) {
    /** The fallback to all instances. */
    public static final String ALL = "*";

    /** A target without a fallback. */
    public Target(
        Optional<ServiceName> service, Optional<String> subset, int weight, Origin origin) {
      this(service, subset, Optional.empty(), weight, origin);
    }

    /** The names of the subsets that it may go to. */
    public List<String> subsets() {
      return Stream.of(subset, fallback)
          .flatMap(Optional::stream)
          .filter(name -> !name.equals(ALL))
          .toList();
    }
  }
}
