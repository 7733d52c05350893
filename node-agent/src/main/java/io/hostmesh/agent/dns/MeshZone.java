package io.hostmesh.agent.dns;

import io.hostmesh.model.MeshHost;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Answers for the mesh's own names. Pure but for what {@link MeshNames} knows. */
final class MeshZone {
  /** Short: an address stays a service's own for long, but a new service shall be seen soon. */
  static final Duration KEEP = Duration.ofSeconds(5);

  static final Duration KEEP_NOTHING = Duration.ofSeconds(1);

  private final MeshNames names;

  MeshZone(MeshNames names) {
    this.names = names;
  }

  /**
   * The answer to a question for a name of the mesh.
   *
   * @param limit the most bytes that the asker takes this way
   * @return empty where the name is someone else's
   */
  Optional<byte[]> answer(DnsQuery query, int limit) {
    if (query.klass() != DnsQuery.IN || !MeshHost.isMeshName(query.name())) {
      return Optional.empty();
    }
    String zone =
        query.name().toLowerCase(java.util.Locale.ROOT).endsWith("consul") ? "consul" : "mesh";
    Optional<List<InetAddress>> addresses = MeshHost.parse(query.name()).flatMap(names::addresses);
    if (addresses.isEmpty()) {
      boolean apex = query.name().equalsIgnoreCase(zone);
      int code = apex ? DnsAnswer.NO_ERROR : DnsAnswer.NAME_ERROR;
      return Optional.of(DnsAnswer.nothing(query, code, zone, KEEP_NOTHING));
    }
    List<InetAddress> asked = addresses.get().stream().filter(a -> isAsked(query, a)).toList();
    byte[] answer =
        asked.isEmpty()
            ? DnsAnswer.nothing(query, DnsAnswer.NO_ERROR, zone, KEEP_NOTHING)
            : DnsAnswer.addresses(query, asked, KEEP);
    return Optional.of(answer.length > limit ? DnsAnswer.truncated(query) : answer);
  }

  private static boolean isAsked(DnsQuery query, InetAddress address) {
    return switch (query.type()) {
      case DnsQuery.A -> address instanceof Inet4Address;
      case DnsQuery.AAAA -> !(address instanceof Inet4Address);
      case DnsQuery.ANY -> true;
      default -> false;
    };
  }
}
