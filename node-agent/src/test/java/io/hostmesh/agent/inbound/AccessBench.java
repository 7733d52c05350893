package io.hostmesh.agent.inbound;

import io.hostmesh.agent.authz.AccessTable;
import io.hostmesh.agent.discovery.DirectoryEntry;
import io.hostmesh.agent.discovery.Endpoint;
import io.hostmesh.agent.discovery.MeshSettings;
import io.hostmesh.agent.discovery.MeshView;
import io.hostmesh.agent.routing.RouteTable;
import io.hostmesh.agent.telemetry.Failure;
import io.hostmesh.model.Protocol;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.model.rules.AccessRule;
import io.hostmesh.model.rules.PathPattern;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** Whether a request may pass: by a rule that names the caller, and by one with paths. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class AccessBench {
  private static final io.hostmesh.model.hocon.Origin ORIGIN =
      new io.hostmesh.model.hocon.Origin("bench", 0, "");
  private static final ServiceName WEB = ServiceName.of("web");
  private static final ServiceName SHOP = ServiceName.of("shop");

  private final Origin origin =
      new Origin(
          Origin.Arrival.MESH,
          Optional.of(SpiffeId.Service.of("bench.local", "dc1", WEB)),
          "10.0.0.1",
          "");
  private final LocalInstance instance =
      new LocalInstance(
          SHOP,
          "shop-1",
          Protocol.HTTP,
          new InetSocketAddress(InetAddress.getLoopbackAddress(), 8080));
  private final MeshView named =
      new View(rule(new AccessRule.Grant(Set.of(WEB), Set.of(), List.of(), ORIGIN)));
  private final MeshView paths =
      new View(
          rule(
              new AccessRule.Grant(
                  Set.of(WEB), Set.of("POST"), List.of(new PathPattern("/admin/*")), ORIGIN),
              new AccessRule.Grant(
                  Set.of(WEB),
                  Set.of("GET", "HEAD"),
                  List.of(new PathPattern("/static/*"), new PathPattern("/api/*")),
                  ORIGIN)));

  private static AccessTable rule(AccessRule.Grant... grants) {
    return AccessTable.compile(new AccessRule(SHOP, List.of(grants), ORIGIN));
  }

  private final HttpRequest request =
      new DefaultHttpRequest(
          HttpVersion.HTTP_1_1, HttpMethod.GET, "/api/items/4711?page=2&size=20");

  @Benchmark
  public Optional<Failure> byCaller() {
    return Access.request(named, origin, instance, request);
  }

  @Benchmark
  public Optional<Failure> byPath() {
    return Access.request(paths, origin, instance, request);
  }

  /** As an agent sees it: one look into a map. */
  private record View(Optional<MeshSettings> settings, Map<ServiceName, AccessTable> rules)
      implements MeshView {
    View(AccessTable table) {
      this(
          Optional.of(new MeshSettings("bench.local", "dc1", false, true)),
          new java.util.HashMap<>(Map.of(SHOP, table)));
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
      return Optional.empty();
    }

    @Override
    public Optional<RouteTable> route(ServiceName service) {
      return Optional.empty();
    }

    @Override
    public Optional<AccessTable> access(ServiceName service) {
      return Optional.ofNullable(rules.get(service));
    }
  }
}
