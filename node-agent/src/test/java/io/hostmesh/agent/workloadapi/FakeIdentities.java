package io.hostmesh.agent.workloadapi;

import io.hostmesh.agent.identity.ApplicationIdentities;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.identity.KeyPairs;
import io.hostmesh.runtime.jwt.DomainBundle;
import io.hostmesh.runtime.jwt.JwtAuthority;
import io.hostmesh.runtime.jwt.JwtIssued;
import io.hostmesh.runtime.jwt.JwtSvids;
import io.hostmesh.runtime.testing.TestAuthority;
import io.hostmesh.runtime.tls.Svid;
import io.hostmesh.runtime.tls.TrustRoots;
import io.vertx.core.Future;
import java.security.KeyPair;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** An agent's identities, renewed and rotated at a test's word. */
final class FakeIdentities implements ApplicationIdentities {
  private final Map<ServiceName, Svid> svids = new ConcurrentHashMap<>();
  private final CopyOnWriteArrayList<Runnable> listeners = new CopyOnWriteArrayList<>();
  private volatile Optional<TrustRoots> roots = Optional.empty();
  private final List<JwtAuthority> jwtAuthorities = new CopyOnWriteArrayList<>();
  private volatile List<DomainBundle> federated = List.of();
  private volatile @Nullable KeyPair jwtKey;
  private volatile String jwtKeyId = "";
  volatile String problem = "citadel does not answer";

  Svid renew(TestAuthority authority, ServiceName service) {
    Svid svid = authority.issue(SpiffeId.Service.of("hostmesh.local", "dc1", service));
    svids.put(service, svid);
    changed();
    return svid;
  }

  void lose(ServiceName service) {
    svids.remove(service);
    changed();
  }

  void trust(TrustRoots now) {
    roots = Optional.of(now);
    changed();
  }

  private void changed() {
    listeners.forEach(Runnable::run);
  }

  @Override
  public Optional<Svid> svid(ServiceName service) {
    return Optional.ofNullable(svids.get(service));
  }

  @Override
  public Optional<String> problem(ServiceName service) {
    return Optional.of(problem);
  }

  @Override
  public Optional<TrustRoots> roots() {
    return roots;
  }

  /** Tokens are signed with another key from now on; the older ones hold. */
  void rotateJwtKey() {
    KeyPair pair = KeyPairs.generate();
    String id = KeyPairs.fingerprint(pair.getPublic()).substring(0, 16);
    jwtAuthorities.add(
        new JwtAuthority(id, pair.getPublic(), Instant.now().plus(Duration.ofHours(1))));
    jwtKey = pair;
    jwtKeyId = id;
    changed();
  }

  @Override
  public Future<JwtIssued> jwt(ServiceName service, List<String> audience) {
    SpiffeId id = SpiffeId.Service.of("hostmesh.local", "dc1", service);
    Instant now = Instant.now();
    Instant expires = now.plus(Duration.ofMinutes(5));
    KeyPair pair = java.util.Objects.requireNonNull(jwtKey);
    return Future.succeededFuture(
        new JwtIssued(
            id.uri(),
            JwtSvids.sign(id, audience, now, expires, jwtKeyId, pair.getPrivate()),
            now,
            expires));
  }

  @Override
  public Map<String, List<JwtAuthority>> jwtAuthorities() {
    return jwtAuthorities.isEmpty()
        ? Map.of()
        : Map.of("hostmesh.local", List.copyOf(jwtAuthorities));
  }

  void federate(DomainBundle... domains) {
    federated = List.of(domains);
    changed();
  }

  @Override
  public List<DomainBundle> federated() {
    return federated;
  }

  @Override
  public void onChange(Runnable listener) {
    listeners.add(listener);
  }
}
