package io.hostmesh.agent.upstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.agent.identity.Identities;
import io.hostmesh.agent.telemetry.Metrics;
import io.hostmesh.model.MeshSni;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.identity.KeyPairs;
import io.hostmesh.runtime.testing.TestAuthority;
import io.hostmesh.runtime.tls.Svid;
import io.hostmesh.runtime.tls.TrustRoots;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.ssl.SslHandler;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;

/** Handshakes between the contexts of two agents, without a network. */
class MeshTlsTest {
  private static final ServiceName WEB = ServiceName.of("web");
  private static final ServiceName BATCH = ServiceName.of("batch");
  private static final ServiceName GREETER = ServiceName.of("greeter");
  private static final ServiceName PAYMENTS = ServiceName.of("payments");

  /** A certificate is longer than this, the end of a handshake without one is not. */
  private static final int SHORT = 200;

  private final TestAuthority authority = new TestAuthority("test.local");
  private final Host h1 = new Host(true);
  private final Host h2 = new Host(true);

  MeshTlsTest() {
    h1.has(WEB, BATCH);
    h2.has(GREETER, PAYMENTS);
  }

  /** The identities of a host and its TLS. */
  private final class Host implements Identities {
    final Map<ServiceName, Svid> svids = new ConcurrentHashMap<>();
    final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    TrustRoots roots = authority.roots();
    Clock clock = Clock.systemUTC();
    MeshTls tls;

    Host(boolean resumption) {
      tls = tls(resumption);
    }

    /** As another process of the agent, which remembers nothing. */
    MeshTls tls(boolean resumption) {
      Clock current =
          new Clock() {
            @Override
            public Instant instant() {
              return clock.instant();
            }

            @Override
            public ZoneId getZone() {
              return ZoneOffset.UTC;
            }

            @Override
            public Clock withZone(ZoneId zone) {
              return this;
            }
          };
      return new MeshTls(this, current, new Metrics(registry), resumption);
    }

    void has(ServiceName... services) {
      for (ServiceName service : services) {
        svids.put(service, authority.issue(id(service)));
      }
    }

    @Override
    public Optional<Svid> svid(ServiceName service) {
      return Optional.ofNullable(svids.get(service));
    }

    @Override
    public Optional<TrustRoots> roots() {
      return Optional.of(roots);
    }

    @Override
    public Map<String, TrustRoots> foreignRoots() {
      return Map.of();
    }

    int resumed() {
      return registry.find("hostmesh_tls_handshakes").tag("resumed", "true").counters().stream()
          .mapToInt(counter -> (int) counter.count())
          .sum();
    }

    int handshakes() {
      return registry.find("hostmesh_tls_handshakes").counters().stream()
          .mapToInt((Counter counter) -> (int) counter.count())
          .sum();
    }
  }

  /**
   * What a handshake was like.
   *
   * @param caller who the receiver took the caller for
   * @param called the other way round
   * @param end how many bytes the caller's last part had
   */
  private record Handshake(SpiffeId caller, SpiffeId called, int end) {
    boolean isWithoutCertificates() {
      return end < SHORT;
    }
  }

  private static SpiffeId.Service id(ServiceName service) {
    return SpiffeId.Service.of("test.local", "dc1", service);
  }

  private static MeshSni name(ServiceName service) {
    return new MeshSni(service.name() + "1", service, "dc1", "test.local");
  }

  private Handshake call(ServiceName source, ServiceName destination) throws Exception {
    return call(source, name(destination), h2.tls.server(destination));
  }

  private Handshake call(ServiceName source, MeshSni name, MeshContext server) throws Exception {
    return call(h1.tls.client(source, MeshProtocol.HTTP), name, server);
  }

  private static Handshake call(MeshContext client, MeshSni name, MeshContext server)
      throws Exception {
    List<EmbeddedChannel> channels = new ArrayList<>();
    try {
      SslHandler called = server.server(ByteBufAllocator.DEFAULT);
      SslHandler calling = client.client(ByteBufAllocator.DEFAULT, name, 15008);
      EmbeddedChannel receiver = new EmbeddedChannel(called);
      channels.add(receiver);
      EmbeddedChannel caller = new EmbeddedChannel(calling);
      channels.add(caller);
      move(caller, receiver);
      move(receiver, caller);
      assertThat(calling.handshakeFuture().isSuccess()).isTrue();
      SpiffeId proven = client.peer(calling); // Asked before tickets come, as agents do.
      int end = move(caller, receiver);
      receiver.writeOutbound(Unpooled.wrappedBuffer(new byte[1])); // Which tickets leave with.
      move(receiver, caller);
      assertThat(called.handshakeFuture().isSuccess()).isTrue();
      assertThat(calling.applicationProtocol()).isEqualTo(MeshProtocol.HTTP.alpn());
      return new Handshake(server.peer(called), proven, end);
    } finally {
      channels.forEach(EmbeddedChannel::finishAndReleaseAll);
    }
  }

  /** How many bytes were on their way. */
  private static int move(EmbeddedChannel from, EmbeddedChannel to) {
    int bytes = 0;
    for (ByteBuf sent = from.readOutbound(); sent != null; sent = from.readOutbound()) {
      bytes += sent.readableBytes();
      to.writeInbound(sent);
    }
    return bytes;
  }

  @Test
  void aSecondConnectionGoesOnWithTheFirstOnesSession() throws Exception {
    Handshake first = call(WEB, GREETER);
    Handshake second = call(WEB, GREETER);
    Handshake third = call(WEB, GREETER);

    assertThat(first.isWithoutCertificates()).isFalse();
    assertThat(second.isWithoutCertificates()).isTrue();
    assertThat(third.isWithoutCertificates()).isTrue();
    assertThat(List.of(h1.resumed(), h2.resumed())).containsExactly(2, 2);
    assertThat(List.of(h1.handshakes(), h2.handshakes())).containsExactly(3, 3);
  }

  @Test
  void servicesMayHaveLargerKeys() throws Exception {
    h1.svids.put(WEB, authority.issue(id(WEB), KeyPairs.generate(KeyPairs.Curve.P384)));
    h2.svids.put(GREETER, authority.issue(id(GREETER), KeyPairs.generate(KeyPairs.Curve.P384)));
    for (ServiceName called : List.of(GREETER, PAYMENTS)) {
      assertThat(call(WEB, called).caller()).isEqualTo(id(WEB));
      assertThat(call(BATCH, called).called()).isEqualTo(id(called));
      assertThat(call(WEB, called).isWithoutCertificates()).isTrue();
    }
  }

  @Test
  void aResumedSessionProvesTheSameServices() throws Exception {
    call(WEB, GREETER);
    Handshake second = call(WEB, GREETER);

    assertThat(second.caller()).isEqualTo(id(WEB));
    assertThat(second.called()).isEqualTo(id(GREETER));
  }

  @Test
  void anotherServiceOfTheSameHostHasNoPartInIt() throws Exception {
    call(WEB, GREETER);

    assertThat(call(BATCH, GREETER).caller()).isEqualTo(id(BATCH));
    assertThat(call(WEB, PAYMENTS).called()).isEqualTo(id(PAYMENTS));
    assertThat(call(WEB, new MeshSni("g2", GREETER, "dc1", "test.local"), h2.tls.server(GREETER)))
        .matches(handshake -> !handshake.isWithoutCertificates());
    assertThat(h2.resumed()).isZero();
  }

  @Test
  void aTicketIsWorthNothingAtAnotherService() throws Exception {
    call(WEB, GREETER);

    // As if the ticket for greeter were shown where payments is asked for.
    Handshake stray = call(WEB, name(GREETER), h2.tls.server(PAYMENTS));

    assertThat(stray.isWithoutCertificates()).isFalse();
    assertThat(stray.called()).isEqualTo(id(PAYMENTS));
  }

  @Test
  void itEndsWithTheCallersCertificate() throws Exception {
    call(WEB, GREETER);
    h1.has(WEB);

    assertThat(call(WEB, GREETER).isWithoutCertificates()).isFalse();
    assertThat(call(WEB, GREETER).isWithoutCertificates()).isTrue();
  }

  @Test
  void itEndsWithTheReceiversCertificate() throws Exception {
    for (int i = 0; i < 9; i++) {
      call(WEB, GREETER); // Each brings two tickets, all of which are worthless afterwards.
    }
    h2.has(GREETER);

    assertThat(call(WEB, GREETER).isWithoutCertificates()).isFalse();
    assertThat(call(WEB, GREETER).isWithoutCertificates()).isTrue();
  }

  @Test
  void itEndsWithTheTrustBundleOfEitherSide() throws Exception {
    call(WEB, GREETER);
    h2.roots = authority.roots();
    assertThat(call(WEB, GREETER).isWithoutCertificates()).isFalse();
    h1.roots = authority.roots();
    assertThat(call(WEB, GREETER).isWithoutCertificates()).isFalse();
  }

  @Test
  void aRootThatIsGoneEndsItWhileAHandshakeIsUnderWay() throws Exception {
    call(WEB, GREETER);
    MeshContext before = h2.tls.server(GREETER);
    h2.roots = new TestAuthority("test.local").roots();

    assertThatThrownBy(() -> call(WEB, name(GREETER), before))
        .isInstanceOf(CertificateException.class)
        .hasMessageContaining("is not valid here");
  }

  @Test
  void itEndsWithTheProcess() throws Exception {
    call(WEB, GREETER);
    h2.tls = h2.tls(true);

    assertThat(call(WEB, GREETER).isWithoutCertificates()).isFalse();
    assertThat(call(WEB, GREETER).isWithoutCertificates()).isTrue();
  }

  @Test
  void itNeverOutlivesThePeersCertificate() throws Exception {
    h1.svids.put(WEB, authority.issue(id(WEB), Duration.ofHours(9)));
    call(WEB, GREETER);
    h1.clock = Clock.offset(Clock.systemUTC(), Duration.ofHours(2));
    assertThatThrownBy(() -> call(WEB, GREETER))
        .isInstanceOf(CertificateException.class)
        .hasRootCauseInstanceOf(CertificateExpiredException.class);
    h1.clock = Clock.systemUTC();

    h1.has(WEB);
    h2.svids.put(GREETER, authority.issue(id(GREETER), Duration.ofHours(9)));
    call(WEB, GREETER);
    h2.clock = Clock.offset(Clock.systemUTC(), Duration.ofHours(2));
    assertThatThrownBy(() -> call(WEB, GREETER))
        .isInstanceOf(CertificateException.class)
        .hasRootCauseInstanceOf(CertificateExpiredException.class);
  }

  @Test
  void itsChainIsWhole() throws Exception {
    TestAuthority intermediate = authority.intermediate();
    h1.svids.put(WEB, intermediate.issue(id(WEB)));
    h2.svids.put(GREETER, intermediate.issue(id(GREETER)));
    MeshContext client = h1.tls.client(WEB, MeshProtocol.HTTP);
    MeshContext server = h2.tls.server(GREETER);
    call(client, name(GREETER), server);
    h1.roots = authority.roots(); // Equal, but not the same: a reason to look at the chain again.
    h2.roots = authority.roots();

    assertThat(call(client, name(GREETER), server).isWithoutCertificates()).isTrue();
  }

  @Test
  void whereItIsOffEveryHandshakeShowsCertificates() throws Exception {
    h2.tls = h2.tls(false);
    call(WEB, GREETER);
    assertThat(call(WEB, GREETER).isWithoutCertificates()).isFalse();

    h2.tls = h2.tls(true);
    h1.tls = h1.tls(false);
    call(WEB, GREETER);
    assertThat(call(WEB, GREETER).isWithoutCertificates()).isFalse();
    assertThat(h1.resumed() + h2.resumed()).isZero();
  }
}
