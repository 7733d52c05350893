package io.hostmesh.agent.identity;

import io.hostmesh.model.ServiceName;
import io.hostmesh.runtime.Host;
import io.hostmesh.runtime.identity.IdentityStatus;
import io.hostmesh.runtime.identity.KeyPairs;
import io.hostmesh.runtime.identity.NodeIdentity;
import io.hostmesh.runtime.identity.ServiceIdentities;
import io.hostmesh.runtime.jwt.DomainBundle;
import io.hostmesh.runtime.jwt.JwtAuthority;
import io.hostmesh.runtime.jwt.JwtIssued;
import io.hostmesh.runtime.tls.Svid;
import io.hostmesh.runtime.tls.TrustRoots;
import io.vertx.core.Future;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;

/**
 * The certificates that applications fetched, from disk at first and from citadel ever after. Only
 * services that asked have one, so that citadel signs nothing that nobody wants.
 */
public final class ApplicationCertificates implements ApplicationIdentities, AutoCloseable {
  private static final System.Logger LOG =
      System.getLogger(ApplicationCertificates.class.getName());

  private final Host host;
  private final NodeIdentity node;
  private final ServiceIdentities certificates;
  private final JwtCache tokens;
  private final Set<ServiceName> asked = ConcurrentHashMap.newKeySet();
  private volatile Set<ServiceName> present = Set.of();
  private Set<ServiceName> kept;

  /**
   * Blocking: reads which services asked before the last end.
   *
   * @param key the kind of the applications' keys
   * @param owner whether this process may write: of two generations, one may
   * @throws io.hostmesh.runtime.UserError where the folder cannot be used
   */
  public ApplicationCertificates(
      Host host, NodeIdentity node, Path folder, KeyPairs.Kind key, BooleanSupplier owner) {
    this.host = host;
    this.node = node;
    this.certificates = new ServiceIdentities(host, node, folder, key, owner);
    this.tokens = new JwtCache(node.citadel()::issueJwt, host.clock());
    this.kept = certificates.kept();
  }

  /** Says which services are here now. Blocking: reads the certificates of those that asked. */
  public synchronized void services(Set<ServiceName> services) {
    present = Set.copyOf(services);
    if (!kept.isEmpty()) {
      certificates.services(kept); // So that the files of those that have left are seen and go.
      asked.addAll(kept);
      kept = Set.of();
    }
    asked.retainAll(present);
    certificates.services(Set.copyOf(asked));
    tokens.retain(present);
  }

  @Override
  public Optional<Svid> svid(ServiceName service) {
    if (present.contains(service) && asked.add(service)) {
      host.vertx()
          .executeBlocking(
              () -> {
                fetch();
                return service;
              })
          .onFailure(
              failure ->
                  LOG.log(
                      System.Logger.Level.ERROR,
                      "the certificate of " + service + " for its applications",
                      failure));
    }
    return certificates.svid(service);
  }

  private synchronized void fetch() {
    asked.retainAll(present);
    certificates.services(Set.copyOf(asked));
  }

  @Override
  public Optional<String> problem(ServiceName service) {
    return Optional.ofNullable(certificates.status().get(service))
        .flatMap(IdentityStatus::problem)
        .or(() -> node.problem().map(why -> "this host: " + why));
  }

  @Override
  public Optional<TrustRoots> roots() {
    return node.roots();
  }

  @Override
  public Future<JwtIssued> jwt(ServiceName service, List<String> audience) {
    return tokens.get(service, audience);
  }

  @Override
  public Map<String, List<JwtAuthority>> jwtAuthorities() {
    List<JwtAuthority> own = node.jwtAuthorities();
    Optional<Svid> svid = node.svid();
    if (own.isEmpty() || svid.isEmpty()) {
      return Map.of();
    }
    Map<String, List<JwtAuthority>> all = new HashMap<>();
    federated().forEach(domain -> all.put(domain.trustDomain(), domain.jwtAuthorities()));
    all.put(svid.get().id().trustDomain(), own);
    return Map.copyOf(all);
  }

  @Override
  public List<DomainBundle> federated() {
    return node.federated();
  }

  @Override
  public void onChange(Runnable listener) {
    node.onJwtAuthorities(listener);
    certificates.listen(_ -> listener.run());
    node.onRoots(_ -> listener.run());
  }

  @Override
  public void close() {
    certificates.close();
  }
}
