package io.hostmesh.pilot.catalog;

import io.hostmesh.api.v1.Entitlement;
import io.hostmesh.model.ServiceName;
import java.security.GeneralSecurityException;
import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Which services each node may claim, by statements that citadel signed. An older statement than
 * one seen before is refused, also after its key was deleted meanwhile. Immutable.
 *
 * @param byNode the services of the newest valid statement of each node that has one now
 * @param newest the highest version seen of each node, ever
 * @param refused nodes whose statement in the registry does not hold, and why
 */
public record Entitlements(
    SortedMap<String, SortedSet<ServiceName>> byNode,
    SortedMap<String, Long> newest,
    SortedMap<String, String> refused) {
  public static final Entitlements NONE =
      new Entitlements(new TreeMap<>(), new TreeMap<>(), new TreeMap<>());

  /** Checks who signed a statement. */
  @FunctionalInterface
  public interface Verifier {
    /**
     * @param statement a serialised {@link io.hostmesh.api.v1.SignedStatement}
     * @throws GeneralSecurityException with the reason where it does not hold
     */
    Entitlement verify(byte[] statement) throws GeneralSecurityException;
  }

  public Entitlements {
    byNode = Collections.unmodifiableSortedMap(new TreeMap<>(byNode));
    newest = Collections.unmodifiableSortedMap(new TreeMap<>(newest));
    refused = Collections.unmodifiableSortedMap(new TreeMap<>(refused));
  }

  /** What an earlier run had seen, so that a restart is no way round the versions. */
  public static Entitlements remembered(SortedMap<String, Long> newest) {
    return new Entitlements(new TreeMap<>(), newest, new TreeMap<>());
  }

  /**
   * The entitlements after the registry's have changed.
   *
   * @param stored statements by the node that their key names
   */
  public Entitlements next(Map<String, byte[]> stored, Verifier verifier) {
    SortedMap<String, SortedSet<ServiceName>> services = new TreeMap<>();
    SortedMap<String, Long> versions = new TreeMap<>(newest);
    SortedMap<String, String> problems = new TreeMap<>();
    stored.forEach(
        (node, statement) -> {
          try {
            Entitlement entitlement = checked(node, verifier.verify(statement));
            services.put(node, named(entitlement));
            versions.put(node, entitlement.getVersion());
          } catch (GeneralSecurityException | IllegalArgumentException e) {
            problems.put(node, String.valueOf(e.getMessage()));
            // A bad write must not take a node's services away: the last good word stands.
            SortedSet<ServiceName> before = byNode.get(node);
            if (before != null) {
              services.put(node, before);
            }
          }
        });
    return new Entitlements(services, versions, problems);
  }

  private Entitlement checked(String node, Entitlement entitlement) {
    if (!entitlement.getNode().equals(node)) {
      throw new IllegalArgumentException(
          "the statement is about node " + entitlement.getNode() + ", not " + node);
    }
    long known = newest.getOrDefault(node, 0L);
    if (entitlement.getVersion() < known) {
      throw new IllegalArgumentException(
          "version "
              + entitlement.getVersion()
              + " is older than "
              + known
              + ", which was seen before; state it anew with hostmesh node allow");
    }
    return entitlement;
  }

  private static SortedSet<ServiceName> named(Entitlement entitlement) {
    SortedSet<ServiceName> services = new TreeSet<>();
    entitlement.getServicesList().forEach(text -> services.add(ServiceName.parse(text)));
    return Collections.unmodifiableSortedSet(services);
  }

  public boolean allows(String node, ServiceName service) {
    SortedSet<ServiceName> services = byNode.get(node);
    return services != null && services.contains(service);
  }

  /** The services that some node may claim. */
  public Set<ServiceName> services() {
    return byNode.values().stream().flatMap(Set::stream).collect(Collectors.toUnmodifiableSet());
  }
}
