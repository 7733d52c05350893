package io.hostmesh.pilot.discovery;

import io.hostmesh.api.ResourceType;
import io.hostmesh.pilot.snapshot.Resource;
import io.hostmesh.pilot.snapshot.ResourceView;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * What one stream wants of one kind of resources, and what it was told already. Belongs to its
 * {@link AdsSession}; not for use by several threads.
 */
final class Subscription {
  /** What a name that does not exist was told as. */
  private static final String ABSENT = "";

  static final String WILDCARD = "*";

  private final ResourceType type;
  private boolean wildcard;
  private final SortedSet<String> names = new TreeSet<>();
  private final Map<String, String> told = new HashMap<>();
  private final Map<String, String> refused = new HashMap<>();
  private final Set<String> alone = new HashSet<>();

  Subscription(ResourceType type) {
    this.type = type;
  }

  /**
   * What has to be said.
   *
   * @param alone resources that go in a response of their own
   */
  record Difference(List<Resource> changed, List<Resource> alone, List<String> removed) {
    boolean isEmpty() {
      return changed.isEmpty() && alone.isEmpty() && removed.isEmpty();
    }
  }

  /**
   * Wants these from now on. A name that was wanted already is told again, as the protocol says.
   */
  void subscribe(Collection<String> added) {
    for (String name : added) {
      if (name.equals(WILDCARD)) {
        wildcard = true;
      } else {
        names.add(name);
        told.remove(name);
        refused.remove(name);
      }
    }
  }

  void subscribeToAll() {
    wildcard = true;
  }

  void unsubscribe(Collection<String> removed) {
    for (String name : removed) {
      if (name.equals(WILDCARD)) {
        wildcard = false;
      } else {
        names.remove(name);
      }
    }
    // What is not wanted is forgotten on both sides, without a word.
    told.keySet().removeIf(name -> !isWanted(name));
    refused.keySet().removeIf(name -> !isWanted(name));
  }

  /** What a client brings along from an earlier stream. */
  void has(Map<String, String> versions) {
    versions.forEach(
        (name, version) -> {
          if (isWanted(name)) {
            told.put(name, version);
          }
        });
  }

  private boolean isWanted(String name) {
    return wildcard || names.contains(name);
  }

  Difference against(ResourceView view) {
    List<Resource> changed = new ArrayList<>();
    List<Resource> single = new ArrayList<>();
    SortedMap<String, Resource> wanted = wanted(view);
    for (Resource resource : wanted.values()) {
      boolean known = resource.version().equals(told.get(resource.name()));
      boolean given = resource.version().equals(refused.get(resource.name()));
      if (!known && !given) {
        (alone.contains(resource.name()) ? single : changed).add(resource);
      }
    }
    return new Difference(changed, single, removed(wanted));
  }

  /** What the client still has and what it waits for in vain. */
  private List<String> removed(SortedMap<String, Resource> wanted) {
    Stream<String> gone =
        told.entrySet().stream()
            .filter(entry -> !entry.getValue().equals(ABSENT))
            .map(Map.Entry::getKey);
    Stream<String> missing = names.stream().filter(name -> !told.containsKey(name));
    return Stream.concat(gone, missing).filter(name -> !wanted.containsKey(name)).sorted().toList();
  }

  private SortedMap<String, Resource> wanted(ResourceView view) {
    if (wildcard) {
      return view.all(type);
    }
    SortedMap<String, Resource> wanted = new TreeMap<>();
    names.forEach(name -> view.get(type, name).ifPresent(found -> wanted.put(name, found)));
    return wanted;
  }

  /** Notes a resource as told; returns what had been told before. */
  Optional<String> tell(Resource resource) {
    return Optional.ofNullable(told.put(resource.name(), resource.version()));
  }

  void tellRemoved(String name) {
    refused.remove(name);
    if (names.contains(name)) {
      told.put(name, ABSENT);
    } else {
      told.remove(name);
    }
  }

  /** The client took it. */
  void accepted(String name, String version) {
    alone.remove(name);
    if (!version.equals(refused.get(name))) {
      refused.remove(name);
    }
  }

  /**
   * The client refused a response with this resource, and has what it had before.
   *
   * @param singly whether it was the only one, so it is to blame and is not sent again until it
   *     changes; otherwise it is sent again alone
   */
  void rejected(String name, String version, Optional<String> before, boolean singly) {
    if (!version.equals(told.get(name))) {
      return; // Unsubscribed meanwhile.
    }
    before.ifPresentOrElse(earlier -> told.put(name, earlier), () -> told.remove(name));
    if (singly) {
      alone.remove(name);
      refused.put(name, version);
    } else {
      alone.add(name);
    }
  }

  boolean isWildcard() {
    return wildcard;
  }

  SortedSet<String> names() {
    return new TreeSet<>(names);
  }

  /** Names that the client refused and that have not changed since. */
  SortedSet<String> refusedNames() {
    return new TreeSet<>(refused.keySet());
  }
}
