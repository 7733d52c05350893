package io.hostmesh.agent.outbound;

import static org.assertj.core.api.Assertions.assertThat;

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
import io.hostmesh.model.Protocol;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.model.rules.BalancePolicy;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** How an endpoint is reached is worked out once, and again whenever something changes. */
class SenderTest {
  private static final ServiceName SHOP = ServiceName.of("shop");

  private final BenchMesh mesh = new BenchMesh(List.of(endpoint("h2", 15008)));
  private final Here here = new Here();
  private final Telemetry telemetry =
      new Telemetry(new Metrics(new SimpleMeterRegistry()), AccessLog.none(), Clock.systemUTC());
  private final Sender sender =
      new Sender(
          mesh,
          new Members(BalancePolicy.LEAST_REQUEST),
          here,
          new Receiver(
              mesh,
              (_, _, _) -> Optional.empty(),
              telemetry,
              CallerAddress.HIDDEN,
              new EndUsers(Clock.systemUTC(), Optional.empty()),
              RevokedHere.NOBODY),
          telemetry,
          new Random(1),
          "h1");
  private final ServicePair pair = pair("web");

  /** This host's instances. */
  private static final class Here implements LocalInstances {
    Optional<LocalInstance> shop = Optional.empty();

    @Override
    public Map<String, String> meta(ServiceName service) {
      return Map.of();
    }

    @Override
    public Optional<LocalInstance> byInstance(ServiceName service, String id) {
      return shop;
    }

    @Override
    public Optional<LocalInstance> byDestination(InetSocketAddress destination) {
      return Optional.empty();
    }
  }

  private ServicePair pair(String source) {
    return sender.pair(
        SpiffeId.Service.of("test.local", "dc1", ServiceName.of(source)),
        SpiffeId.Service.of("test.local", "dc1", SHOP),
        "http");
  }

  private static InetSocketAddress port(int port) {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
  }

  private static Endpoint endpoint(String node, int agent) {
    return new Endpoint(SHOP, "shop-1", node, port(8080), Optional.of(port(agent)), true, Map.of());
  }

  private Sender.Way way() {
    return sender.way(mesh.all.getFirst(), pair);
  }

  @Test
  void anAgentThatMovedIsReachedWhereItIsNow() {
    Sender.Way first = way();
    assertThat(first).isInstanceOf(Sender.Way.Mesh.class).isSameAs(way());
    Endpoint before = mesh.all.getFirst();
    mesh.all = List.of(endpoint("h2", 25008));
    assertThat(((Sender.Way.Mesh) way()).target().agent()).isEqualTo(port(25008));
    assertThat(((Sender.Way.Mesh) sender.way(before, pair)).target().agent())
        .as("one that was chosen before the change")
        .isEqualTo(port(15008));
  }

  @Test
  void everyCallerHasItsOwnWayAndTheSameCallerTheSame() {
    assertThat(pair("web")).isSameAs(pair);
    assertThat(((Sender.Way.Mesh) sender.way(mesh.all.getFirst(), pair("batch"))).target().source())
        .isEqualTo(ServiceName.of("batch"));
  }

  @Test
  void whatComesAndGoesOnThisHostIsNoticedAtOnce() {
    mesh.all = List.of(endpoint("h1", 15008));
    assertThat(way()).isInstanceOf(Sender.Way.Mesh.class);
    LocalInstance instance = new LocalInstance(SHOP, "shop-1", Protocol.HTTP, port(8080));
    here.shop = Optional.of(instance);
    assertThat(way()).isEqualTo(new Sender.Way.SameHost(instance));
    here.shop = Optional.empty();
    assertThat(way()).isInstanceOf(Sender.Way.Mesh.class);
  }

  @Test
  void whatIsOutsideOfTheMeshIsCalledInPlaintext() {
    mesh.all =
        List.of(new Endpoint(SHOP, "shop-1", "h9", port(8080), Optional.empty(), true, Map.of()));
    assertThat(((Sender.Way.Plain) way()).application().address()).isEqualTo(port(8080));
  }
}
