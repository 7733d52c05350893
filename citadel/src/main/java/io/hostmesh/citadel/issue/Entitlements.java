package io.hostmesh.citadel.issue;

import io.hostmesh.api.v1.Entitlement;
import io.hostmesh.citadel.Refusal;
import io.hostmesh.citadel.authority.Authority;
import io.hostmesh.citadel.records.SignedRecords;
import io.hostmesh.model.ServiceName;
import java.time.InstantSource;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Which services each node may claim, on the operator's word. Safe for any thread; {@link #change}
 * blocks.
 */
public final class Entitlements {
  private final SignedRecords<Entitlement> records;
  private final Authority authority;
  private final InstantSource clock;

  public Entitlements(
      SignedRecords<Entitlement> records, Authority authority, InstantSource clock) {
    this.records = records;
    this.authority = authority;
    this.clock = clock;
  }

  public SortedMap<String, Entitlement> all() {
    return records.all();
  }

  /** Statements in the registry that were refused, by node, with the reason. */
  public SortedMap<String, String> alarms() {
    return records.alarms();
  }

  /** The services of a statement. */
  public static SortedSet<ServiceName> services(Entitlement entitlement) {
    return entitlement.getServicesList().stream()
        .map(ServiceName::parse)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** Adds and removes services of a node; the new statement holds at once. */
  public Entitlement change(
      String node, Set<ServiceName> allow, Set<ServiceName> deny, String operator) {
    return records.update(
        node,
        (before, version) -> {
          SortedSet<ServiceName> services =
              before.map(Entitlements::services).orElseGet(TreeSet::new);
          services.addAll(allow);
          services.removeAll(deny);
          return Entitlement.newBuilder()
              .setTrustDomain(authority.trustDomain())
              .setNode(node)
              .addAllServices(services.stream().map(ServiceName::full).toList())
              .setVersion(version)
              .setSignedAtEpochSecond(clock.instant().getEpochSecond())
              .setOperator(operator)
              .build();
        });
  }

  /**
   * @throws Refusal where the node may not claim the service
   */
  public void check(String node, ServiceName service) {
    boolean entitled =
        records.get(node).map(Entitlements::services).orElseGet(TreeSet::new).contains(service);
    if (!entitled) {
      throw new Refusal(
          Refusal.Reason.NOT_ENTITLED,
          "the node "
              + node
              + " is not entitled to the service "
              + service
              + "; an operator allows it with: hostmesh node allow "
              + node
              + " "
              + service);
    }
  }
}
