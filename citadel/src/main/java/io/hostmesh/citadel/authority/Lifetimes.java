package io.hostmesh.citadel.authority;

import io.hostmesh.model.ServiceName;
import io.hostmesh.model.hocon.Section;
import java.time.Duration;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How long certificates hold: the object {@code lifetime} of citadel's configuration.
 *
 * @param service of a workload's certificate, where {@code services} says nothing of it
 * @param services of the certificates of single services
 * @param node of an agent's and of a pilot's certificate
 * @param intermediate of the authority that signs them; renewed at half of it
 * @param root of the trust anchor
 * @param rejoin how long after the expiry of its certificate a node may still renew it with its key
 */
public record Lifetimes(
    Duration service,
    SortedMap<ServiceName, Duration> services,
    Duration node,
    Duration intermediate,
    Duration root,
    Duration rejoin) {
  /** 1 h, 24 h, a year, ten years, 30 days. */
  public static final Lifetimes DEFAULT =
      new Lifetimes(
          Duration.ofHours(1),
          Collections.emptySortedMap(),
          Duration.ofHours(24),
          Duration.ofDays(365),
          Duration.ofDays(3650),
          Duration.ofDays(30));

  private static final Duration SHORTEST = Duration.ofSeconds(10);

  public Lifetimes {
    services = Collections.unmodifiableSortedMap(new TreeMap<>(services));
  }

  /**
   * Reads the object {@code lifetime}.
   *
   * @throws io.hostmesh.model.hocon.HoconException where one is shorter than 10 s, or not shorter
   *     than that of its issuer
   */
  public static Lifetimes read(Section section) {
    Duration root = section.duration("root", DEFAULT.root);
    Duration intermediate = within(section, "intermediate", DEFAULT.intermediate, "root", root);
    Duration node = within(section, "node", DEFAULT.node, "intermediate", intermediate);
    Duration service = within(section, "service", DEFAULT.service, "intermediate", intermediate);
    return new Lifetimes(
        service,
        services(section.section("services"), intermediate),
        node,
        intermediate,
        root,
        section.duration("rejoin", DEFAULT.rejoin));
  }

  private static SortedMap<ServiceName, Duration> services(Section section, Duration limit) {
    SortedMap<ServiceName, Duration> services = new TreeMap<>();
    for (String key : section.keys()) {
      ServiceName name;
      try {
        name = ServiceName.parse(key);
      } catch (IllegalArgumentException e) {
        throw section.refuse(key, String.valueOf(e.getMessage()));
      }
      if (services.put(name, within(section, key, limit, "intermediate", limit)) != null) {
        throw section.refuse(key, "the service " + name + " stands here twice");
      }
    }
    return services;
  }

  /** How long the certificate of a service holds. */
  public Duration of(ServiceName name) {
    return services.getOrDefault(name, service);
  }

  /** The longest that a service's certificate can hold. */
  public Duration longestService() {
    return services.values().stream().reduce(service, Lifetimes::longer);
  }

  /** The longest that any certificate below the intermediate can hold. */
  public Duration longestLeaf() {
    return longer(longestService(), node);
  }

  private static Duration longer(Duration one, Duration other) {
    return one.compareTo(other) > 0 ? one : other;
  }

  private static Duration within(
      Section section, String key, Duration otherwise, String issuer, Duration limit) {
    Duration lifetime = section.duration(key, otherwise);
    if (lifetime.compareTo(SHORTEST) < 0) {
      throw section.refuse(key, "is shorter than 10s");
    }
    if (lifetime.compareTo(limit) >= 0) {
      throw section.refuse(key, "must be shorter than lifetime." + issuer);
    }
    return lifetime;
  }
}
