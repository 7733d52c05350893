package io.hostmesh.agent.outbound;

import io.hostmesh.agent.balance.Members;
import io.hostmesh.agent.discovery.Endpoint;
import io.hostmesh.agent.enduser.EndUsers;
import io.hostmesh.agent.identity.RevokedHere;
import io.hostmesh.agent.inbound.CallerAddress;
import io.hostmesh.agent.inbound.LocalInstance;
import io.hostmesh.agent.inbound.LocalInstances;
import io.hostmesh.agent.inbound.Receiver;
import io.hostmesh.agent.telemetry.AccessLog;
import io.hostmesh.agent.telemetry.Metrics;
import io.hostmesh.agent.telemetry.Telemetry;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.model.rules.BalancePolicy;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** The rest of an outbound request: which way its instance is reached, and its trace headers. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class OutboundBench {
  private static final ServiceName SHOP = ServiceName.of("shop");
  private static final InetSocketAddress AGENT =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 15008);

  private final RandomGenerator random = RandomGenerator.of("L64X128MixRandom");
  private final Telemetry telemetry =
      new Telemetry(new Metrics(new SimpleMeterRegistry()), AccessLog.none(), Clock.systemUTC());
  private final Endpoint endpoint =
      new Endpoint(SHOP, "shop-1", "h2", AGENT, Optional.of(AGENT), true, Map.of());
  private final BenchMesh mesh = new BenchMesh(List.of(endpoint));
  private final Sender sender =
      new Sender(
          mesh,
          new Members(BalancePolicy.LEAST_REQUEST),
          new Nowhere(),
          new Receiver(
              mesh,
              (_, _, _) -> Optional.empty(),
              telemetry,
              CallerAddress.HIDDEN,
              new EndUsers(Clock.systemUTC(), Optional.empty()),
              RevokedHere.NOBODY),
          telemetry,
          random,
          "h1");
  private final ServicePair pair =
      sender.pair(
          SpiffeId.Service.of("bench.local", "dc1", ServiceName.of("web")),
          SpiffeId.Service.of("bench.local", "dc1", SHOP),
          "http");

  @Benchmark
  public Object way() {
    return sender.way(endpoint, pair);
  }

  @Benchmark
  public HttpHeaders traceHeaders() {
    HttpHeaders headers = new DefaultHttpHeaders();
    TraceHeaders.complete(headers, random);
    return headers;
  }

  private static final class Nowhere implements LocalInstances {
    @Override
    public Map<String, String> meta(ServiceName service) {
      return Map.of();
    }

    @Override
    public Optional<LocalInstance> byInstance(ServiceName service, String id) {
      return Optional.empty();
    }

    @Override
    public Optional<LocalInstance> byDestination(InetSocketAddress destination) {
      return Optional.empty();
    }
  }
}
