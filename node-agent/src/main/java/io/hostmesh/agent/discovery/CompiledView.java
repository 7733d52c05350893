package io.hostmesh.agent.discovery;

import io.hostmesh.agent.authz.AccessTable;
import io.hostmesh.agent.limit.LeasedBucket;
import io.hostmesh.agent.limit.LimitTable;
import io.hostmesh.api.ResourceType;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.routing.RouteTable;
import io.hostmesh.model.rules.AuthenticationRule;
import io.hostmesh.model.rules.ExternalAuthorizationRule;
import io.hostmesh.model.rules.JwtIssuer;
import io.hostmesh.model.rules.MeshMode;
import io.hostmesh.model.rules.Upstream;
import java.net.InetSocketAddress;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The view of one {@link DiscoveryState}. Parts whose resources did not change are taken over. */
final class CompiledView implements MeshView {
  static final CompiledView EMPTY =
      new CompiledView(
          DiscoveryState.EMPTY,
          DirectoryIndex.EMPTY,
          Policies.NONE,
          UpstreamIndex.NOTHING,
          LimitTables.NONE);

  private final DiscoveryState state;
  private final Optional<MeshSettings> settings;
  private final DirectoryIndex directory;
  private final Map<ServiceName, List<Endpoint>> endpoints = new HashMap<>();
  private final Map<ServiceName, RouteTable> routes = new HashMap<>();
  private final Policies policies;
  private final UpstreamIndex upstreams;
  private final LimitTables limits;

  private CompiledView(
      DiscoveryState state,
      DirectoryIndex directory,
      Policies before,
      UpstreamIndex upstreams,
      LimitTables limits) {
    this.state = state;
    this.directory = directory;
    this.settings =
        state.of(ResourceType.MESH_SETTINGS).byName().values().stream()
            .flatMap(
                accepted ->
                    accepted.content() instanceof Content.Settings c
                        ? java.util.stream.Stream.of(c.settings())
                        : java.util.stream.Stream.empty())
            .findFirst();
    this.policies = before.next(state, settings);
    this.upstreams = upstreams.next(state.of(ResourceType.UPSTREAM_POLICY));
    this.limits = limits.next(state);
    for (ResourceType type : List.of(ResourceType.ENDPOINTS, ResourceType.ROUTE)) {
      state.of(type).byName().values().forEach(accepted -> index(accepted.content()));
    }
  }

  /** The view of a state, made of this one where it can be. */
  @SuppressWarnings(
      "ReferenceEquality") // The same object means that nothing came; equality would look at
  // everything.
  CompiledView next(DiscoveryState next) {
    boolean sameDirectory = next.of(ResourceType.SERVICE) == state.of(ResourceType.SERVICE);
    return new CompiledView(
        next,
        sameDirectory ? directory : new DirectoryIndex(listings(next)),
        policies,
        upstreams,
        limits);
  }

  private static List<DirectoryEntry> listings(DiscoveryState state) {
    return state.of(ResourceType.SERVICE).byName().values().stream()
        .map(Accepted::content)
        .filter(Content.Listing.class::isInstance)
        .map(content -> ((Content.Listing) content).entry())
        .toList();
  }

  private void index(Content content) {
    switch (content) {
      case Content.Members members -> endpoints.put(members.service(), members.endpoints());
      case Content.Routing routing -> routes.put(routing.service(), routing.table());
      case Content.Settings _,
          Content.Listing _,
          Content.Access _,
          Content.Mode _,
          Content.Upstreams _,
          Content.Limits _ -> {
        // Not by service.
      }
    }
  }

  @Override
  public Optional<MeshSettings> settings() {
    return settings;
  }

  @Override
  public Collection<DirectoryEntry> directory() {
    return directory.entries();
  }

  @Override
  public Optional<DirectoryEntry> byName(ServiceName service) {
    return directory.byName(service);
  }

  @Override
  public Optional<DirectoryEntry> byDestination(InetSocketAddress destination) {
    return directory.byDestination(destination);
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
    return upstreams.of(service);
  }

  @Override
  public Optional<AccessTable> access(ServiceName service) {
    return policies.access(service);
  }

  @Override
  public MeshMode mode(ServiceName service, int port) {
    return policies.mode(service, port);
  }

  @Override
  public Optional<AuthenticationRule> authentication(ServiceName service) {
    return policies.authentication(service);
  }

  @Override
  public List<ExternalAuthorizationRule> external(ServiceName service) {
    return policies.external(service);
  }

  @Override
  public Optional<LimitTable> limits(ServiceName service) {
    return limits.of(service);
  }

  @Override
  public List<LeasedBucket> leased() {
    return limits.leased();
  }

  @Override
  public Collection<JwtIssuer.Jwks> keySets() {
    return policies.keySets();
  }
}
