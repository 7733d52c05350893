package io.hostmesh.pilot.intentions;

import io.hostmesh.model.ServiceName;
import io.hostmesh.model.hocon.Origin;
import io.hostmesh.model.rules.AccessRule;
import io.hostmesh.model.rules.CallerPattern;
import io.hostmesh.model.rules.Grant;
import io.hostmesh.model.rules.Grant.Shape;
import io.hostmesh.model.rules.Scope;
import io.hostmesh.model.rules.ValuePattern;
import io.hostmesh.pilot.intentions.Intention.Effect;
import io.hostmesh.pilot.intentions.Intention.Permission;
import io.hostmesh.registry.Intentions;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Intentions as rules of the mesh. Of two that hold a call the more exact one decides, by Consul's
 * precedence: an exact destination before any, then an exact source before any. What an intention
 * denies becomes a grant that denies, so that it holds beside the mesh's own rules, whatever those
 * say. What it allows needs no grant, for the own rules decide then; only where they say nothing
 * and the mesh's default denies, the rule lists it. A call of which no intention speaks is none of
 * their business; but where one speaks of requests, a connection that has none is denied, as Consul
 * has it. Consul knows no namespaces (its Enterprise edition aside): a name means the services of
 * that name in each.
 */
public final class IntentionRules {
  /** More pieces than this of one permission are not worth their price at each request. */
  private static final int MANY = 64;

  /** All requests; a grant that denies these except these denies what has none. */
  private static final Shape EVERY = new Shape(Set.of(), List.of(), Map.of());

  private final Set<ServiceName> known;
  private final Map<String, SortedMap<String, Intention>> bySource = new TreeMap<>();
  private final SortedSet<String> problems = new TreeSet<>();

  private IntentionRules(Intentions intentions, Collection<ServiceName> known) {
    this.known = new TreeSet<>(known);
    for (Intentions.Stored stored : intentions.entries()) {
      for (Intention intention : IntentionReader.read(stored)) {
        bySource
            .computeIfAbsent(intention.destination(), _ -> new TreeMap<>())
            .put(intention.source(), intention);
      }
    }
  }

  /**
   * What follows for each service, and what could not be translated.
   *
   * @param rules by service; one that no intention restricts or opens is left out
   * @param problems a line each, for people
   */
  public record Translated(SortedMap<ServiceName, AccessRule> rules, List<String> problems) {}

  /**
   * @param known all services that there are
   * @param open those that the mesh's own rules say nothing about, where its default denies
   */
  public static Translated translate(
      Intentions intentions, Collection<ServiceName> known, Collection<ServiceName> open) {
    IntentionRules all = new IntentionRules(intentions, known);
    SortedMap<ServiceName, AccessRule> rules = new TreeMap<>();
    for (ServiceName service : all.known) {
      all.rule(service, open.contains(service)).ifPresent(rule -> rules.put(service, rule));
    }
    return new Translated(rules, List.copyOf(all.problems));
  }

  /** The intentions that decide for a service, by source: the first of Consul's order each. */
  static SortedMap<String, Intention> deciding(
      SortedMap<String, Intention> exact, SortedMap<String, Intention> any) {
    TreeMap<String, Intention> deciding = new TreeMap<>(exact);
    if (!exact.containsKey(Intention.ANY)) { // Which would come before any that is for all.
      any.forEach(deciding::putIfAbsent);
    }
    return deciding;
  }

  private Optional<AccessRule> rule(ServiceName service, boolean opens) {
    SortedMap<String, Intention> deciding =
        deciding(
            bySource.getOrDefault(service.name(), new TreeMap<>()),
            bySource.getOrDefault(Intention.ANY, new TreeMap<>()));
    List<CallerPattern> named = new ArrayList<>();
    deciding.keySet().forEach(source -> named.addAll(callers(source)));
    List<Grant> deny = new ArrayList<>();
    List<Grant> allow = new ArrayList<>();
    long revision = 0;
    for (Intention intention : deciding.values()) {
      revision = Math.max(revision, intention.revision());
      boolean any = intention.source().equals(Intention.ANY);
      List<CallerPattern> from = any ? List.of() : callers(intention.source());
      if (!any && from.isEmpty()) {
        continue; // A name that no service of the mesh can have.
      }
      Grant denies = grant(intention, from, any ? named : List.of());
      Grant allows = any ? grant(intention, List.of(CallerPattern.ANY_OF_MESH), named) : denies;
      switch (intention.effect()) {
        case Effect.Allow _ -> allow.add(allows);
        case Effect.Deny _ -> deny.add(denies);
        case Effect.Refused(String why) -> refuse(intention, why, denies, deny);
        case Effect.ByRequest(List<Permission> permissions) -> {
          List<Grant> pieces = new ArrayList<>();
          Optional<String> refusal = denials(permissions, denies, pieces);
          if (refusal.isPresent()) {
            refuse(intention, refusal.get(), denies, deny);
          } else {
            deny.addAll(pieces);
            deny.add(part(denies, EVERY, List.of(EVERY)));
            permissions.stream()
                .filter(Permission::allow)
                .forEach(p -> allow.add(part(allows, p.shape(), p.unless())));
          }
        }
      }
    }
    boolean lists = opens && !allow.isEmpty();
    return deny.isEmpty() && !lists
        ? Optional.empty()
        : Optional.of(
            new AccessRule(
                Scope.of(service),
                lists ? Optional.of(allow) : Optional.empty(),
                deny,
                List.of(),
                Optional.empty(),
                false,
                new Origin("Consul intentions", 0, Long.toString(revision))));
  }

  private void refuse(Intention intention, String why, Grant all, List<Grant> deny) {
    deny.add(all);
    problems.add(
        intention.title()
            + ": "
            + why
            + "; until it is changed, it denies all its calls, as it cannot be kept exactly");
  }

  private List<CallerPattern> callers(String source) {
    if (source.equals(Intention.ANY)) {
      return List.of();
    }
    TreeSet<ServiceName> names = new TreeSet<>();
    known.stream().filter(service -> service.name().equals(source)).forEach(names::add);
    try {
      names.add(ServiceName.of(source));
    } catch (IllegalArgumentException e) {
      return List.of();
    }
    return names.stream().<CallerPattern>map(CallerPattern.OfService::new).toList();
  }

  private static Grant grant(
      Intention intention, List<CallerPattern> from, List<CallerPattern> notFrom) {
    String source = intention.source().equals(Intention.ANY) ? "any" : intention.source();
    return new Grant(
        Optional.of("intention-from-" + source),
        false,
        new Grant.Callers(from, notFrom, List.of(), Set.of()),
        Grant.Requests.ALL,
        Grant.Users.ALL,
        new Origin(intention.title(), 0, ""));
  }

  private static Grant part(Grant whole, Shape shape, List<Shape> unless) {
    return whole.with(
        new Grant.Requests(
            shape.methods(), shape.paths(), List.of(), List.of(), shape.headers(), unless));
  }

  /**
   * What permissions deny: of each that denies, what none before it allows. An exception of one
   * before it is another way not to be allowed by it, so each makes a piece of its own.
   *
   * @return why that cannot be said
   */
  private static Optional<String> denials(
      List<Permission> permissions, Grant whole, List<Grant> denied) {
    for (int i = 0; i < permissions.size(); i++) {
      if (permissions.get(i).allow()) {
        continue;
      }
      List<Permission> pieces = List.of(permissions.get(i));
      for (Permission before : permissions.subList(0, i)) {
        if (before.allow()) {
          List<Permission> next = new ArrayList<>();
          for (Permission piece : pieces) {
            next.add(except(piece, before.shape()));
            for (Shape exception : before.unless()) {
              Optional<Shape> both = both(piece.shape(), exception);
              if (both.isEmpty()) {
                return Optional.of(
                    "Permissions[" + i + "] and one before it ask for the same header");
              }
              next.add(new Permission(false, both.get(), piece.unless()));
            }
          }
          pieces = next;
        }
      }
      if (pieces.size() > MANY) {
        return Optional.of("Permissions[" + i + "] comes behind too many inverted headers");
      }
      pieces.forEach(piece -> denied.add(part(whole, piece.shape(), piece.unless())));
    }
    return Optional.empty();
  }

  private static Permission except(Permission piece, Shape shape) {
    List<Shape> unless = new ArrayList<>(piece.unless());
    unless.add(shape);
    return new Permission(false, piece.shape(), unless);
  }

  private static boolean isPresence(List<ValuePattern> values) {
    return values.equals(List.of(new ValuePattern("*")));
  }

  /** A shape with a further header; empty where that one is asked for already, otherwise. */
  private static Optional<Shape> both(Shape shape, Shape header) {
    Map<String, List<ValuePattern>> headers = new HashMap<>(shape.headers());
    for (Map.Entry<String, List<ValuePattern>> entry : header.headers().entrySet()) {
      List<ValuePattern> old = headers.get(entry.getKey());
      if (old == null || isPresence(old)) {
        headers.put(entry.getKey(), entry.getValue());
      } else if (!isPresence(entry.getValue()) && !old.equals(entry.getValue())) {
        return Optional.empty();
      }
    }
    return Optional.of(new Shape(shape.methods(), shape.paths(), headers));
  }
}
