package io.hostmesh.agent.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import io.hostmesh.api.ResourceType;
import io.hostmesh.api.v1.DeltaDiscoveryRequest;
import io.hostmesh.api.v1.Endpoint;
import io.hostmesh.api.v1.Endpoints;
import io.hostmesh.api.v1.MeshSettings;
import io.hostmesh.api.v1.Mode;
import io.hostmesh.api.v1.Service;
import io.hostmesh.api.v1.StatusReport;
import io.hostmesh.model.ServiceName;
import io.hostmesh.runtime.state.StateFiles;
import io.vertx.core.Vertx;
import io.vertx.core.net.SocketAddress;
import io.vertx.grpc.client.GrpcClient;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MeshDiscoveryTest {
  private static final ServiceName GREETER = ServiceName.of("greeter");
  private static final Duration LIMIT = Duration.ofSeconds(20);

  @TempDir Path folder;

  private final Vertx vertx = Vertx.vertx();

  @AfterEach
  void end() throws Exception {
    vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  private MeshDiscovery discovery(SocketAddress... pilots) throws IOException {
    return new MeshDiscovery(
        vertx,
        GrpcClient.client(vertx),
        List.of(pilots),
        Announcement.of("h1", "1.0"),
        new MeshMemory(new StateFiles(folder), () -> true),
        Clock.systemUTC(),
        new Random(1));
  }

  private static FakePilot mesh(FakePilot pilot) {
    return pilot
        .has(
            ResourceType.MESH_SETTINGS,
            "mesh",
            "1",
            MeshSettings.newBuilder()
                .setTrustDomain("hostmesh.local")
                .setDatacenter("dc1")
                .setMode(Mode.MODE_STRICT)
                .build())
        .has(
            ResourceType.SERVICE,
            "default/greeter",
            "1",
            Service.newBuilder()
                .setNamespace("default")
                .setName("greeter")
                .setDatacenter("dc1")
                .addVirtualAddresses("241.0.0.1")
                .build())
        .has(ResourceType.ENDPOINTS, "default/greeter", "1", endpoints("p80"));
  }

  private static Endpoints endpoints(String instance) {
    return Endpoints.newBuilder()
        .setNamespace("default")
        .setService("greeter")
        .addEndpoints(
            Endpoint.newBuilder()
                .setInstance(instance)
                .setNode("h2")
                .setAddress("10.0.0.2")
                .setPort(80)
                .setHealthy(true))
        .build();
  }

  private static void await(String what, BooleanSupplier condition) throws InterruptedException {
    long deadline = System.nanoTime() + LIMIT.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as(what).isLessThan(deadline);
      Thread.onSpinWait();
      TimeUnit.MILLISECONDS.sleep(5);
    }
  }

  private static void awaitNeed(MeshSource mesh, ServiceName service) throws InterruptedException {
    CountDownLatch arrived = new CountDownLatch(1);
    mesh.need(service, arrived::countDown);
    assertThat(arrived.await(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void knowsTheDirectoryByItselfAndEndpointsOnDemand() throws Exception {
    try (FakePilot pilot = mesh(new FakePilot(vertx, 0));
        MeshDiscovery discovery = discovery(pilot.address())) {
      discovery.start();
      await("the directory", () -> discovery.view().byName(GREETER).isPresent());
      assertThat(discovery.view().endpoints(GREETER)).isEmpty();

      awaitNeed(discovery, GREETER);

      assertThat(discovery.view().endpoints(GREETER).orElseThrow()).hasSize(1);
      assertThat(discovery.view().route(GREETER)).isEmpty();
      assertThat(discovery.status().connected()).isTrue();
      assertThat(discovery.status().version()).isEqualTo("snapshot-1");
      DeltaDiscoveryRequest first = pilot.requests.getFirst();
      assertThat(first.getNode().getId()).isEqualTo("h1");
      assertThat(first.getNode().getUserAgentVersion()).isEqualTo("1.0");
      assertThat(first.getNode().getClientFeaturesList())
          .contains(ResourceType.ACCESS_POLICY.typeUrl());
    }
  }

  @Test
  void aServiceThatPilotDoesNotKnowIsAnsweredToo() throws Exception {
    try (FakePilot pilot = mesh(new FakePilot(vertx, 0));
        MeshDiscovery discovery = discovery(pilot.address())) {
      discovery.start();

      awaitNeed(discovery, ServiceName.of("nobody"));

      assertThat(discovery.view().endpoints(ServiceName.of("nobody"))).isEmpty();
    }
  }

  @Test
  void aRefusedResourceIsToldToPilotAndTheLastGoodOneStays() throws Exception {
    try (FakePilot pilot = mesh(new FakePilot(vertx, 0));
        MeshDiscovery discovery = discovery(pilot.address())) {
      discovery.start();
      awaitNeed(discovery, GREETER);

      pilot.has(
          ResourceType.ENDPOINTS,
          "default/greeter",
          "2",
          endpoints("p80").toBuilder().setService("other").build());
      pilot.push(ResourceType.ENDPOINTS, "default/greeter");

      await(
          "the refusal",
          () -> pilot.requests.stream().anyMatch(DeltaDiscoveryRequest::hasErrorDetail));
      assertThat(discovery.view().endpoints(GREETER).orElseThrow()).hasSize(1);
      await("the problem", () -> !discovery.status().problems().isEmpty());
      assertThat(discovery.status().problems().getFirst())
          .isEqualTo("refused from pilot: default/greeter: speaks of default/other");
    }
  }

  @Test
  void whatANewerPilotSaysIsIgnoredAndReported() throws Exception {
    UnknownFieldSet news =
        UnknownFieldSet.newBuilder()
            .addField(
                200,
                UnknownFieldSet.Field.newBuilder()
                    .addLengthDelimited(ByteString.copyFromUtf8("x"))
                    .build())
            .build();
    try (FakePilot pilot = mesh(new FakePilot(vertx, 0));
        MeshDiscovery discovery = discovery(pilot.address())) {
      pilot.has(
          ResourceType.ENDPOINTS,
          "default/greeter",
          "2",
          endpoints("p80").toBuilder().setUnknownFields(news).build());
      discovery.start();
      awaitNeed(discovery, GREETER);

      assertThat(discovery.view().endpoints(GREETER)).isPresent();
      await("the report", () -> !discovery.status().problems().isEmpty());
      assertThat(discovery.status().problems().getFirst())
          .startsWith("pilot is newer than this agent");
    }
  }

  @Test
  void withoutAPilotTheDiskAnswersAndNobodyWaits() throws Exception {
    SocketAddress gone;
    try (FakePilot pilot = mesh(new FakePilot(vertx, 0));
        MeshDiscovery discovery = discovery(pilot.address())) {
      gone = pilot.address();
      discovery.start();
      awaitNeed(discovery, GREETER);
      discovery.save().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
    }
    try (MeshDiscovery reborn = discovery(gone)) {
      assertThat(reborn.view().settings()).isPresent();
      assertThat(reborn.view().endpoints(GREETER).orElseThrow()).hasSize(1);

      reborn.start();
      await("the failure", () -> reborn.status().failure().orElse("").contains("refused"));
      long began = System.nanoTime();
      awaitNeed(reborn, ServiceName.of("never-used"));

      assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(2));
    }
  }

  @Test
  void theNextPilotIsAskedForWhatIsNewerOnly() throws Exception {
    try (FakePilot first = mesh(new FakePilot(vertx, 0));
        FakePilot second = mesh(new FakePilot(vertx, 0));
        MeshDiscovery discovery = discovery(first.address(), second.address())) {
      discovery.start();
      awaitNeed(discovery, GREETER);
      FakePilot used = first.requests.isEmpty() ? second : first;
      FakePilot other = used == first ? second : first;

      used.close();

      await("the other pilot", () -> other.requests.size() >= 3);
      await(
          "its subscription",
          () ->
              other.requests.stream()
                  .anyMatch(
                      request ->
                          request.getTypeUrl().equals(ResourceType.ENDPOINTS.typeUrl())
                              && "1"
                                  .equals(
                                      request
                                          .getInitialResourceVersionsMap()
                                          .get("default/greeter"))));
      assertThat(discovery.view().endpoints(GREETER)).isPresent();
    }
  }

  @Test
  void accessRulesOfLocalServicesAreAskedFor() throws Exception {
    try (FakePilot pilot = mesh(new FakePilot(vertx, 0));
        MeshDiscovery discovery = discovery(pilot.address())) {
      discovery.start();
      discovery.host(Set.of(GREETER), Set.of(ServiceName.of("db")));

      await("the answer that there is none", () -> discovery.view().access(GREETER).isEmpty());

      assertThat(pilot.requests)
          .anyMatch(
              request ->
                  request.getTypeUrl().equals(ResourceType.ENDPOINTS.typeUrl())
                      && request.getResourceNamesSubscribeList().contains("default/db"));
    }
  }

  @Test
  void reportsReachPilot() throws Exception {
    try (FakePilot pilot = mesh(new FakePilot(vertx, 0));
        MeshDiscovery discovery = discovery(pilot.address())) {
      discovery.start();
      await("the connection", () -> discovery.status().connected());

      discovery.report(StatusReport.newBuilder().setNode("h1").setReady(true).build());

      await("the report", () -> !pilot.reports.isEmpty());
      assertThat(pilot.reports.getFirst().getNode()).isEqualTo("h1");
    }
  }
}
