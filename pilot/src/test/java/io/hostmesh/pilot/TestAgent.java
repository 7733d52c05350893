package io.hostmesh.pilot;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.hostmesh.api.Contract;
import io.hostmesh.api.Methods;
import io.hostmesh.api.ResourceType;
import io.hostmesh.api.v1.DeltaDiscoveryRequest;
import io.hostmesh.api.v1.DeltaDiscoveryResponse;
import io.hostmesh.api.v1.LeaseReply;
import io.hostmesh.api.v1.LeaseRequest;
import io.hostmesh.api.v1.Node;
import io.hostmesh.api.v1.StatusReport;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.tls.SpiffeTrustManager;
import io.hostmesh.runtime.tls.Svid;
import io.hostmesh.runtime.tls.SvidKeyManager;
import io.hostmesh.runtime.tls.TrustRoots;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.KeyCertOptions;
import io.vertx.core.net.SocketAddress;
import io.vertx.core.net.TrustOptions;
import io.vertx.grpc.client.GrpcClient;
import io.vertx.grpc.client.GrpcClientRequest;
import io.vertx.grpc.client.GrpcClientResponse;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

/** An agent's side of the discovery stream, over real TLS: applies and acknowledges all it gets. */
final class TestAgent implements AutoCloseable {
  private record Name(ResourceType type, String name) {}

  private record Held(String version, ByteString content) {}

  private final SocketAddress pilot;
  private final String node;
  private final GrpcClient grpc;
  private final Map<Name, Held> held = new ConcurrentHashMap<>();
  private final Set<Name> absent = ConcurrentHashMap.newKeySet();
  private final AtomicInteger received = new AtomicInteger();
  private final GrpcClientRequest<DeltaDiscoveryRequest, DeltaDiscoveryResponse> requests;
  private volatile boolean ended;

  TestAgent(Vertx vertx, int port, String node, Svid svid, TrustRoots roots) throws Exception {
    this.pilot = SocketAddress.inetSocketAddress(port, "127.0.0.1");
    this.node = node;
    SpiffeTrustManager trust =
        new SpiffeTrustManager(
            () -> roots,
            new SpiffeId.Control("hostmesh.local", SpiffeId.Control.Role.PILOT)::equals,
            "pilot",
            InstantSource.system());
    HttpClientOptions options =
        new HttpClientOptions()
            .setSsl(true)
            .setUseAlpn(true)
            .setProtocolVersion(HttpVersion.HTTP_2)
            .setEnabledSecureTransportProtocols(Set.of("TLSv1.3"))
            .setVerifyHost(false)
            .setTrustOptions(TrustOptions.wrap(trust))
            .setKeyCertOptions(KeyCertOptions.wrap(new SvidKeyManager(() -> svid)));
    this.grpc = GrpcClient.client(vertx, options);
    this.requests =
        grpc.request(pilot, Methods.DELTA.client())
            .toCompletionStage()
            .toCompletableFuture()
            .get(40, TimeUnit.SECONDS);
    requests.exceptionHandler(_ -> ended = true);
    requests
        .response()
        .onFailure(_ -> ended = true)
        .onSuccess(
            response -> {
              response.handler(this::apply);
              response.endHandler(_ -> ended = true);
              response.exceptionHandler(_ -> ended = true);
            });
  }

  /** Wants these names of a kind; none: all. */
  void subscribe(ResourceType type, String... names) {
    subscribe(type, Map.of(), names);
  }

  private void subscribe(ResourceType type, Map<String, String> versions, String... names) {
    requests.write(
        DeltaDiscoveryRequest.newBuilder()
            .setTypeUrl(type.typeUrl())
            .setNode(
                Node.newBuilder()
                    .setId(node)
                    .setUserAgentName(Contract.AGENT)
                    .setUserAgentVersion("9.9")
                    .addAllClientFeatures(List.of("hostmesh.v1", "of-the-future")))
            .addAllResourceNamesSubscribe(List.of(names))
            .putAllInitialResourceVersions(versions)
            .build());
  }

  /** Wants the same of a kind as an earlier stream, and brings along what that one got. */
  void resume(ResourceType type, TestAgent earlier, String... names) {
    Map<String, String> versions = new HashMap<>();
    earlier.held.forEach(
        (name, it) -> {
          if (name.type() == type) {
            versions.put(name.name(), it.version());
          }
        });
    subscribe(type, versions, names);
  }

  private void apply(DeltaDiscoveryResponse response) {
    ResourceType type = ResourceType.of(response.getTypeUrl()).orElseThrow();
    received.addAndGet(response.getResourcesCount());
    response
        .getResourcesList()
        .forEach(
            resource ->
                held.put(
                    new Name(type, resource.getName()),
                    new Held(resource.getVersion(), resource.getResource().getValue())));
    response
        .getRemovedResourcesList()
        .forEach(
            name -> {
              held.remove(new Name(type, name));
              absent.add(new Name(type, name));
            });
    requests.write(
        DeltaDiscoveryRequest.newBuilder()
            .setTypeUrl(response.getTypeUrl())
            .setResponseNonce(response.getNonce())
            .build());
  }

  /** How many resources have arrived in all. */
  int received() {
    return received.get();
  }

  boolean isToldAbsent(ResourceType type, String name) {
    return absent.contains(new Name(type, name));
  }

  boolean isEnded() {
    return ended;
  }

  <T extends Message> Optional<T> get(ResourceType type, String name, Class<T> message) {
    return Optional.ofNullable(held.get(new Name(type, name)))
        .map(
            it -> {
              try {
                return message.cast(type.parse(it.content()));
              } catch (InvalidProtocolBufferException e) {
                throw new IllegalStateException(e);
              }
            });
  }

  void report(StatusReport report)
      throws InterruptedException, ExecutionException, TimeoutException {
    grpc.request(pilot, Methods.REPORT.client())
        .compose(request -> request.send(report))
        .compose(GrpcClientResponse::last)
        .toCompletionStage()
        .toCompletableFuture()
        .get(40, TimeUnit.SECONDS);
  }

  /** What a pilot grants; fails with what it says where it does not. */
  LeaseReply lease(LeaseRequest request)
      throws InterruptedException, ExecutionException, TimeoutException {
    return grpc.request(pilot, Methods.LEASE.client())
        .compose(call -> call.send(request))
        .compose(GrpcClientResponse::last)
        .toCompletionStage()
        .toCompletableFuture()
        .get(40, TimeUnit.SECONDS);
  }

  @Override
  public void close() {
    requests.cancel();
    grpc.close();
  }
}
