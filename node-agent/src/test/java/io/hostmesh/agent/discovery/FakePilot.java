package io.hostmesh.agent.discovery;

import com.google.protobuf.Any;
import com.google.protobuf.Message;
import io.hostmesh.api.Methods;
import io.hostmesh.api.ResourceType;
import io.hostmesh.api.v1.DeltaDiscoveryRequest;
import io.hostmesh.api.v1.DeltaDiscoveryResponse;
import io.hostmesh.api.v1.Resource;
import io.hostmesh.api.v1.StatusReply;
import io.hostmesh.api.v1.StatusReport;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.net.SocketAddress;
import io.vertx.grpc.server.GrpcServer;
import io.vertx.grpc.server.GrpcServerRequest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;

/**
 * A pilot in plaintext on a port of its own: answers each subscription with what it has and with
 * what it has not, and remembers what it was told.
 */
final class FakePilot implements AutoCloseable {
  private final HttpServer server;
  private final Map<ResourceType, Map<String, Resource>> resources = new HashMap<>();
  private final List<GrpcServerRequest<DeltaDiscoveryRequest, DeltaDiscoveryResponse>> streams =
      new CopyOnWriteArrayList<>();
  final List<DeltaDiscoveryRequest> requests = new CopyOnWriteArrayList<>();
  final List<StatusReport> reports = new CopyOnWriteArrayList<>();
  private int nonce;

  FakePilot(Vertx vertx, int port) throws InterruptedException, ExecutionException {
    GrpcServer grpc = GrpcServer.server(vertx);
    grpc.callHandler(
        Methods.DELTA.server(),
        stream -> {
          streams.add(stream);
          stream.handler(request -> answer(stream, request));
          stream.exceptionHandler(_ -> streams.remove(stream));
        });
    grpc.callHandler(
        Methods.REPORT.server(),
        call ->
            call.handler(
                report -> {
                  reports.add(report);
                  call.response().end(StatusReply.getDefaultInstance());
                }));
    server =
        vertx
            .createHttpServer()
            .requestHandler(grpc)
            .listen(port, "127.0.0.1")
            .toCompletionStage()
            .toCompletableFuture()
            .get();
  }

  SocketAddress address() {
    return SocketAddress.inetSocketAddress(server.actualPort(), "127.0.0.1");
  }

  synchronized FakePilot has(ResourceType type, String name, String version, Message body) {
    resources
        .computeIfAbsent(type, _ -> new TreeMap<>())
        .put(
            name,
            Resource.newBuilder()
                .setName(name)
                .setVersion(version)
                .setResource(
                    Any.newBuilder().setTypeUrl(type.typeUrl()).setValue(body.toByteString()))
                .build());
    return this;
  }

  /** Sends a resource on every stream, subscribed or not. */
  synchronized void push(ResourceType type, String name) {
    Resource resource = resources.getOrDefault(type, Map.of()).get(name);
    if (resource != null) {
      streams.forEach(stream -> send(stream, type, List.of(resource), List.of()));
    }
  }

  private synchronized void answer(
      GrpcServerRequest<DeltaDiscoveryRequest, DeltaDiscoveryResponse> stream,
      DeltaDiscoveryRequest request) {
    requests.add(request);
    ResourceType type = ResourceType.of(request.getTypeUrl()).orElseThrow();
    Map<String, Resource> held = resources.getOrDefault(type, Map.of());
    List<Resource> there = new ArrayList<>();
    List<String> missing = new ArrayList<>();
    for (String name : request.getResourceNamesSubscribeList()) {
      if (name.equals("*")) {
        there.addAll(held.values());
      } else if (held.containsKey(name)) {
        there.add(held.get(name));
      } else {
        missing.add(name);
      }
    }
    there.removeIf(
        resource ->
            resource
                .getVersion()
                .equals(request.getInitialResourceVersionsMap().get(resource.getName())));
    if (!there.isEmpty() || !missing.isEmpty()) {
      send(stream, type, there, missing);
    }
  }

  private void send(
      GrpcServerRequest<DeltaDiscoveryRequest, DeltaDiscoveryResponse> stream,
      ResourceType type,
      List<Resource> there,
      List<String> missing) {
    stream
        .response()
        .write(
            DeltaDiscoveryResponse.newBuilder()
                .setTypeUrl(type.typeUrl())
                .setNonce(Integer.toString(++nonce))
                .setSystemVersionInfo("snapshot-1")
                .addAllResources(there)
                .addAllRemovedResources(missing)
                .build());
  }

  @Override
  public void close() {
    var _ = server.close().toCompletionStage().toCompletableFuture().join();
  }
}
