package io.hostmesh.pilot.snapshot;

import io.hostmesh.model.Instance;
import io.hostmesh.model.Protocol;
import io.hostmesh.model.ServiceName;
import io.hostmesh.pilot.catalog.Entitlements;
import io.hostmesh.pilot.rules.RuleInForce;
import java.net.InetAddress;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * All that a snapshot is made of.
 *
 * @param virtualAddresses of each service that has some, IPv4 first
 * @param protocols what services without an instance last spoke, so that their callers still get an
 *     answer in that protocol
 * @param intentions Consul's
 * @param intentionsOpen whether what they allow opens a service that the mesh's default closes; not
 *     where only operators' signatures may
 */
public record SnapshotInputs(
    MeshTerms terms,
    List<Instance> instances,
    SortedMap<ServiceName, List<InetAddress>> virtualAddresses,
    SortedMap<ServiceName, Protocol> protocols,
    Entitlements entitlements,
    List<RuleInForce> rules,
    HeardIntentions intentions,
    boolean intentionsOpen) {
  public SnapshotInputs {
    instances = List.copyOf(instances);
    virtualAddresses = Collections.unmodifiableSortedMap(new TreeMap<>(virtualAddresses));
    protocols = Collections.unmodifiableSortedMap(new TreeMap<>(protocols));
    rules = List.copyOf(rules);
  }

  /** The services that have a line in the directory: with an instance, or with an address. */
  public SortedSet<ServiceName> listed() {
    SortedSet<ServiceName> listed = new TreeSet<>(virtualAddresses.keySet());
    instances.forEach(instance -> listed.add(instance.service()));
    return listed;
  }
}
