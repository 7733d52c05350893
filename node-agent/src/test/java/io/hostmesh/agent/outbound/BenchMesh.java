package io.hostmesh.agent.outbound;

import io.hostmesh.agent.authz.AccessTable;
import io.hostmesh.agent.discovery.DirectoryEntry;
import io.hostmesh.agent.discovery.Endpoint;
import io.hostmesh.agent.discovery.MeshSettings;
import io.hostmesh.agent.discovery.MeshSource;
import io.hostmesh.agent.discovery.MeshView;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.routing.RouteTable;
import io.hostmesh.model.rules.AuthenticationRule;
import io.hostmesh.model.rules.ExternalAuthorizationRule;
import io.hostmesh.model.rules.MeshMode;
import java.net.InetSocketAddress;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/** A mesh with nothing in it but the endpoints of one service, which may change. */
final class BenchMesh implements MeshSource, MeshView {
  volatile List<Endpoint> all;

  BenchMesh(List<Endpoint> all) {
    this.all = all;
  }

  @Override
  public MeshView view() {
    return this;
  }

  @Override
  public void need(ServiceName service, Runnable arrived) {
    arrived.run();
  }

  @Override
  public Optional<MeshSettings> settings() {
    return Optional.of(new MeshSettings("bench.local", "dc1", true, true));
  }

  @Override
  public Collection<DirectoryEntry> directory() {
    return List.of();
  }

  @Override
  public Optional<DirectoryEntry> byName(ServiceName service) {
    return Optional.empty();
  }

  @Override
  public Optional<DirectoryEntry> byDestination(InetSocketAddress destination) {
    return Optional.empty();
  }

  @Override
  public Optional<List<Endpoint>> endpoints(ServiceName service) {
    return Optional.of(all);
  }

  @Override
  public Optional<RouteTable> route(ServiceName service) {
    return Optional.empty();
  }

  @Override
  public Optional<AccessTable> access(ServiceName service) {
    return Optional.empty();
  }

  @Override
  public MeshMode mode(ServiceName service, int port) {
    return MeshMode.STRICT;
  }

  @Override
  public Optional<AuthenticationRule> authentication(ServiceName service) {
    return Optional.empty();
  }

  @Override
  public List<ExternalAuthorizationRule> external(ServiceName service) {
    return List.of();
  }
}
