package io.hostmesh.agent.workloadapi;

import io.hostmesh.agent.identity.ApplicationIdentities;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.testing.TestAuthority;
import io.hostmesh.runtime.tls.Svid;
import io.hostmesh.runtime.tls.TrustRoots;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** An agent's identities, renewed and rotated at a test's word. */
final class FakeIdentities implements ApplicationIdentities {
  private final Map<ServiceName, Svid> svids = new ConcurrentHashMap<>();
  private final CopyOnWriteArrayList<Runnable> listeners = new CopyOnWriteArrayList<>();
  private volatile Optional<TrustRoots> roots = Optional.empty();
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

  @Override
  public void onChange(Runnable listener) {
    listeners.add(listener);
  }
}
