package io.hostmesh.runtime.tls;

import io.hostmesh.model.ServiceName;
import io.hostmesh.model.SpiffeId;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Whom nobody lets in although their certificates have not expired: short, since an entry goes when
 * the revocation is over and all certificates that it means have expired. Immutable.
 *
 * @param sequence grows with every change at citadel
 */
public record DenyList(long sequence, List<Entry> entries) {
  /** Nobody is denied. */
  public static final DenyList EMPTY = new DenyList(0, List.of());

  public DenyList {
    entries = List.copyOf(entries);
  }

  /** A service on one host. */
  public record Placed(String node, ServiceName service) {}

  /**
   * One revocation.
   *
   * @param name what operators call it
   * @param node whose own certificates are all denied
   * @param service whose certificates are all denied, wherever it runs
   * @param placed a service on one host, whose certificates the serial numbers are: there it has no
   *     dealings with its neighbours either, who ask for no certificate
   * @param serials single certificates: serial numbers, hexadecimal
   * @param until when all certificates of before have expired
   */
  public record Entry(
      String name,
      Optional<String> node,
      Optional<ServiceName> service,
      Optional<Placed> placed,
      Set<String> serials,
      String reason,
      Instant until) {
    public Entry {
      serials = Set.copyOf(serials);
    }

    /** Of a node, of a service wherever it runs, or of single certificates. */
    public Entry(
        String name,
        Optional<String> node,
        Optional<ServiceName> service,
        Set<String> serials,
        String reason,
        Instant until) {
      this(name, node, service, Optional.empty(), serials, reason, until);
    }

    boolean means(SpiffeId id, X509Certificate leaf) {
      return switch (id) {
            case SpiffeId.Node other -> node.filter(other.node()::equals).isPresent();
            case SpiffeId.Service other -> service.filter(other.name()::equals).isPresent();
            case SpiffeId.Control _, SpiffeId.Operator _, SpiffeId.Foreign _ -> false;
          }
          || (!serials.isEmpty() && serials.contains(leaf.getSerialNumber().toString(16)));
    }

    /** Why, for the log of who refuses it. */
    String why() {
      return "was revoked (" + name + (reason.isEmpty() ? "" : ": " + reason) + ")";
    }
  }

  /**
   * @return why a service is denied everywhere, whatever it shows; empty where it is not
   */
  public Optional<String> denies(ServiceName service) {
    return entries.stream()
        .filter(entry -> entry.service().filter(service::equals).isPresent())
        .map(Entry::why)
        .findFirst();
  }

  /**
   * @return why a service is denied on this node, or the node as a whole; empty where neither is
   */
  public Optional<String> deniesOn(String node, ServiceName service) {
    Placed here = new Placed(node, service);
    return entries.stream()
        .filter(
            entry ->
                entry.node().filter(node::equals).isPresent()
                    || entry.placed().filter(here::equals).isPresent())
        .map(Entry::why)
        .findFirst();
  }

  /**
   * @return why a certificate is denied, for instance {@code was revoked (r1: stolen)}; empty where
   *     it is not
   */
  public Optional<String> denies(SpiffeId id, X509Certificate leaf) {
    for (Entry entry : entries) {
      if (entry.means(id, leaf)) {
        return Optional.of(entry.why());
      }
    }
    return Optional.empty();
  }
}
