package io.hostmesh.agent;

import io.hostmesh.agent.authz.AccessTable;
import io.hostmesh.agent.discovery.DirectoryEntry;
import io.hostmesh.agent.discovery.Endpoint;
import io.hostmesh.agent.discovery.MeshSettings;
import io.hostmesh.agent.discovery.MeshSource;
import io.hostmesh.agent.discovery.MeshView;
import io.hostmesh.agent.limit.LimitTable;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.routing.RouteTable;
import io.hostmesh.model.rules.AuthenticationRule;
import io.hostmesh.model.rules.ExternalAuthorizationRule;
import io.hostmesh.model.rules.MeshMode;
import io.hostmesh.model.rules.Upstream;
import java.net.InetSocketAddress;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;

/** A mesh that tests change as they go. */
final class FakeMesh implements MeshSource, MeshView {
  final Map<ServiceName, DirectoryEntry> directory = new ConcurrentHashMap<>();
  final Map<InetSocketAddress, ServiceName> destinations = new ConcurrentHashMap<>();
  final Map<ServiceName, List<Endpoint>> endpoints = new ConcurrentHashMap<>();
  final Map<ServiceName, RouteTable> routes = new ConcurrentHashMap<>();
  final Map<ServiceName, AccessTable> access = new ConcurrentHashMap<>();
  final Map<ServiceName, Upstream> upstreams = new ConcurrentHashMap<>();
  final Map<ServiceName, MeshMode> modes = new ConcurrentHashMap<>();
  final Map<ServiceName, AuthenticationRule> authentication = new ConcurrentHashMap<>();
  final Map<ServiceName, List<ExternalAuthorizationRule>> external = new ConcurrentHashMap<>();
  final Map<ServiceName, LimitTable> limits = new ConcurrentHashMap<>();
  volatile MeshSettings settings = new MeshSettings("test.local", "dc1", true, true);

  /** What pilot would answer when endpoints are asked for. */
  final Map<ServiceName, List<Endpoint>> pilot = new ConcurrentHashMap<>();

  /** Where pilot takes its time: what waits for it. */
  final Map<ServiceName, Queue<Runnable>> waiting = new ConcurrentHashMap<>();

  @Override
  public MeshView view() {
    return this;
  }

  @Override
  public void need(ServiceName service, Runnable arrived) {
    Queue<Runnable> queue = waiting.get(service);
    if (queue != null) {
      queue.add(arrived);
      return;
    }
    List<Endpoint> answer = pilot.get(service);
    if (answer != null) {
      endpoints.put(service, answer);
    }
    arrived.run();
  }

  @Override
  public Optional<MeshSettings> settings() {
    return Optional.of(settings);
  }

  @Override
  public Collection<DirectoryEntry> directory() {
    return directory.values();
  }

  @Override
  public Optional<DirectoryEntry> byName(ServiceName service) {
    return Optional.ofNullable(directory.get(service));
  }

  @Override
  public Optional<DirectoryEntry> byDestination(InetSocketAddress destination) {
    return Optional.ofNullable(destinations.get(destination)).flatMap(this::byName);
  }

  @Override
  public Optional<List<Endpoint>> endpoints(ServiceName service) {
    return Optional.ofNullable(endpoints.get(service));
  }

  @Override
  public Optional<RouteTable> route(ServiceName service) {
    return Optional.ofNullable(routes.get(service));
  }

  @Override
  public Upstream upstream(ServiceName service) {
    return upstreams.getOrDefault(service, Upstream.NONE);
  }

  @Override
  public Optional<AccessTable> access(ServiceName service) {
    return Optional.ofNullable(access.get(service));
  }

  @Override
  public MeshMode mode(ServiceName service, int port) {
    MeshMode mesh = settings.strict() ? MeshMode.STRICT : MeshMode.PERMISSIVE;
    return modes.getOrDefault(service, mesh);
  }

  @Override
  public Optional<AuthenticationRule> authentication(ServiceName service) {
    return Optional.ofNullable(authentication.get(service));
  }

  @Override
  public Optional<LimitTable> limits(ServiceName service) {
    return Optional.ofNullable(limits.get(service));
  }

  @Override
  public List<ExternalAuthorizationRule> external(ServiceName service) {
    return external.getOrDefault(service, List.of());
  }
}
