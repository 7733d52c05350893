package io.hostmesh.agent.inbound;

import io.hostmesh.agent.authz.AccessTable;
import io.hostmesh.agent.authz.Request;
import io.hostmesh.agent.authz.Verdict;
import io.hostmesh.agent.discovery.DirectoryEntry;
import io.hostmesh.agent.discovery.Endpoint;
import io.hostmesh.agent.discovery.MeshSettings;
import io.hostmesh.agent.discovery.MeshView;
import io.hostmesh.model.Protocol;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.model.routing.RouteTable;
import io.hostmesh.model.rules.AccessRule;
import io.hostmesh.model.rules.AuthenticationRule;
import io.hostmesh.model.rules.ExternalAuthorizationRule;
import io.hostmesh.model.rules.MeshMode;
import io.hostmesh.model.rules.RuleParser;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** Whether a request may pass: without rules, by a few, and by a thousand of them. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class AccessBench {
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
  private final HttpRequest request =
      new DefaultHttpRequest(
          HttpVersion.HTTP_1_1, HttpMethod.GET, "/api/items/4711?page=2&size=20");
  private final MeshView none = new View();
  private final MeshView named = new View("allow = [ { from = web } ]");
  private final MeshView paths =
      new View(
          "allow = [ { from = web, methods = POST, paths = \"/admin/*\" },"
              + " { from = web, methods = [ GET, HEAD ], paths = [ \"/static/*\", \"/api/*\" ] } ]");

  /** Half of them deny, for this caller and other paths; the last but one allows. */
  private final MeshView thousandPaths =
      new View(
          "deny = ["
              + grants(500, i -> "{ from = web, paths = \"/internal/" + i + "/*\" }")
              + "], allow = ["
              + grants(498, i -> "{ from = web, paths = \"/v" + i + "/*\" }")
              + "{ from = web, methods = GET, paths = \"/api/*\" }, { from = ops } ]");

  private final MeshView thousandCallers =
      new View(
          "deny = ["
              + grants(500, i -> "{ from = caller-" + i + ", methods = DELETE }")
              + "], allow = ["
              + grants(499, i -> "{ from = caller-" + i + " }")
              + "{ from = web } ]");

  private static String grants(int count, IntFunction<String> grant) {
    return IntStream.range(0, count).mapToObj(grant).collect(Collectors.joining(", ", "", ", "));
  }

  private Verdict judge(MeshView view) {
    return Access.request(view, origin, instance, request, Request.Fields.NONE, Optional.empty());
  }

  @Benchmark
  public Verdict withoutRules() {
    return judge(none);
  }

  @Benchmark
  public Verdict byCaller() {
    return judge(named);
  }

  @Benchmark
  public Verdict byPath() {
    return judge(paths);
  }

  @Benchmark
  public Verdict byThousandPaths() {
    return judge(thousandPaths);
  }

  @Benchmark
  public Verdict byThousandCallers() {
    return judge(thousandCallers);
  }

  /** As an agent sees it: one look into a map. */
  private record View(Optional<MeshSettings> settings, Map<ServiceName, AccessTable> rules)
      implements MeshView {
    View(String... grants) {
      this(
          Optional.of(new MeshSettings("bench.local", "dc1", true, true)),
          new HashMap<>(
              grants.length == 0
                  ? Map.of()
                  : Map.of(
                      SHOP,
                      AccessTable.compile(
                          SHOP,
                          "bench.local",
                          List.of(
                              (AccessRule)
                                  RuleParser.parse(
                                      "bench", "kind = access, service = shop, " + grants[0])),
                          true))));
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
}
