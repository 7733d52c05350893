package io.hostmesh.agent.redirect;

import io.hostmesh.model.AddressRange;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * What the kernel shall redirect to the agent. Port 22 is never part of it: it is taken out of
 * whatever is given.
 *
 * @param virtual ranges whose addresses mean services; they are routed to the loopback device while
 *     the plan is in force
 * @param endpoints known instances of the mesh by their real addresses
 * @param servicePorts ports of this host's services: calls to them, from outside and from the host
 *     itself, pass the inbound port
 * @param agentUid whose traffic is exempt; never 0, which would exempt all that root does
 * @param mark packets that carry it are exempt as well
 * @param nameservers whose port 53 is captured; empty where names are left alone
 * @param ipv6 whether this host speaks IPv6; without it there are no rules for it
 * @param sourceMark of the agent's connections to applications that come from a caller's address,
 *     whose answers are to reach the agent; empty where there are none
 * @param bridges devices over which containers of this host call virtual addresses; a name may end
 *     in {@code *}
 */
public record CapturePlan(
    CaptureScope scope,
    List<AddressRange> virtual,
    Set<InetSocketAddress> endpoints,
    SortedSet<Integer> servicePorts,
    int agentUid,
    int mark,
    CapturePorts ports,
    List<InetAddress> nameservers,
    Exclusions exclusions,
    boolean ipv6,
    OptionalInt sourceMark,
    List<String> bridges) {

  /** Without bridges of containers. */
  public CapturePlan(
      CaptureScope scope,
      List<AddressRange> virtual,
      Set<InetSocketAddress> endpoints,
      SortedSet<Integer> servicePorts,
      int agentUid,
      int mark,
      CapturePorts ports,
      List<InetAddress> nameservers,
      Exclusions exclusions,
      boolean ipv6,
      OptionalInt sourceMark) {
    this(
        scope,
        virtual,
        endpoints,
        servicePorts,
        agentUid,
        mark,
        ports,
        nameservers,
        exclusions,
        ipv6,
        sourceMark,
        List.of());
  }

  /** SSH: captured in no direction, so that a host can always be reached and mended. */
  public static final int SSH = 22;

  /** The mark that exempts a packet, "HM". */
  public static final int DEFAULT_MARK = 0x484d;

  /** The mark of connections that come from a caller's address. */
  public static final int DEFAULT_SOURCE_MARK = DEFAULT_MARK + 1;

  static final Comparator<InetSocketAddress> BY_ADDRESS =
      Comparator.comparing(
              (InetSocketAddress e) -> e.getAddress().getAddress(),
              java.util.Arrays::compareUnsigned)
          .thenComparingInt(InetSocketAddress::getPort);

  /**
   * @throws IllegalArgumentException where the agent's uid is 0 or less, or a service's port is one
   *     of the agent's
   */
  public CapturePlan {
    if (agentUid <= 0) {
      throw new IllegalArgumentException(
          "the agent needs a uid of its own: with uid "
              + agentUid
              + " all of root's traffic would"
              + " pass it by");
    }
    bridges = List.copyOf(bridges);
    virtual = virtual.stream().filter(range -> ipv6 || range.isIpv4()).toList();
    endpoints = withoutSsh(endpoints, ipv6);
    servicePorts = withoutSsh(servicePorts);
    for (int own : List.of(ports.outbound(), ports.inbound(), ports.dns())) {
      if (servicePorts.contains(own)) {
        throw new IllegalArgumentException("port " + own + " is the agent's own, not a service's");
      }
    }
    nameservers = nameservers.stream().filter(address -> ipv6 || isIpv4(address)).toList();
  }

  private static Set<InetSocketAddress> withoutSsh(Set<InetSocketAddress> all, boolean ipv6) {
    Set<InetSocketAddress> kept = new HashSet<>();
    for (InetSocketAddress endpoint : all) {
      if (endpoint.getPort() != SSH && (ipv6 || isIpv4(endpoint.getAddress()))) {
        kept.add(endpoint);
      }
    }
    return Collections.unmodifiableSet(kept);
  }

  private static SortedSet<Integer> withoutSsh(SortedSet<Integer> ports) {
    SortedSet<Integer> kept = new TreeSet<>(ports);
    kept.remove(SSH);
    return Collections.unmodifiableSortedSet(kept);
  }

  /** The same plan for other known instances. */
  public CapturePlan withEndpoints(Collection<InetSocketAddress> others) {
    return new CapturePlan(
        scope,
        virtual,
        new HashSet<>(others),
        servicePorts,
        agentUid,
        mark,
        ports,
        nameservers,
        exclusions,
        ipv6,
        sourceMark,
        bridges);
  }

  /** The same plan for other services on this host. */
  public CapturePlan withServicePorts(Collection<Integer> others) {
    return new CapturePlan(
        scope,
        virtual,
        endpoints,
        new TreeSet<>(others),
        agentUid,
        mark,
        ports,
        nameservers,
        exclusions,
        ipv6,
        sourceMark,
        bridges);
  }

  /** The same plan for containers behind these devices. */
  public CapturePlan withBridges(List<String> others) {
    return new CapturePlan(
        scope,
        virtual,
        endpoints,
        servicePorts,
        agentUid,
        mark,
        ports,
        nameservers,
        exclusions,
        ipv6,
        sourceMark,
        others);
  }

  /** The same plan, for a host whose agent does not answer questions for names. */
  public CapturePlan withoutNames() {
    return new CapturePlan(
        scope,
        virtual,
        endpoints,
        servicePorts,
        agentUid,
        mark,
        ports,
        List.of(),
        exclusions,
        ipv6,
        sourceMark,
        bridges);
  }

  /** Whether the two differ in nothing but known instances and the ports of services. */
  boolean hasRulesOf(CapturePlan other) {
    return withEndpoints(List.of())
        .withServicePorts(List.of())
        .equals(other.withEndpoints(List.of()).withServicePorts(List.of()));
  }

  Stream<InetSocketAddress> endpoints(boolean ipv4) {
    return endpoints.stream()
        .filter(endpoint -> isIpv4(endpoint.getAddress()) == ipv4)
        .sorted(BY_ADDRESS);
  }

  Stream<AddressRange> virtual(boolean ipv4) {
    return virtual.stream().filter(range -> range.isIpv4() == ipv4);
  }

  Stream<InetAddress> nameservers(boolean ipv4) {
    return nameservers.stream().filter(address -> isIpv4(address) == ipv4);
  }

  Stream<AddressRange> excluded(boolean ipv4) {
    return exclusions.addresses().stream().filter(range -> range.isIpv4() == ipv4);
  }

  private static boolean isIpv4(InetAddress address) {
    return address instanceof java.net.Inet4Address;
  }
}
