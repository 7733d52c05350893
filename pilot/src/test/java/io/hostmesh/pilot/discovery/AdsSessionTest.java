package io.hostmesh.pilot.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.hostmesh.api.ResourceType;
import io.hostmesh.api.v1.DeltaDiscoveryRequest;
import io.hostmesh.api.v1.DeltaDiscoveryResponse;
import io.hostmesh.api.v1.ErrorDetail;
import io.hostmesh.pilot.snapshot.Resource;
import io.hostmesh.pilot.snapshot.ResourceView;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class AdsSessionTest {
  /** A view of plain values. */
  private record Plain(String version, Map<ResourceType, SortedMap<String, Resource>> resources)
      implements ResourceView {
    static Plain of(Map<ResourceType, Map<String, String>> values) {
      Map<ResourceType, SortedMap<String, Resource>> resources = new EnumMap<>(ResourceType.class);
      for (ResourceType type : ResourceType.values()) {
        SortedMap<String, Resource> names = new TreeMap<>();
        values
            .getOrDefault(type, Map.of())
            .forEach(
                (name, value) ->
                    names.put(name, Resource.of(type, name, ByteString.copyFromUtf8(value))));
        resources.put(type, names);
      }
      return new Plain(Integer.toHexString(values.hashCode()), resources);
    }

    static Plain endpoints(Map<String, String> values) {
      return of(Map.of(ResourceType.ENDPOINTS, values));
    }

    @Override
    public Optional<Resource> get(ResourceType type, String name) {
      return Optional.ofNullable(all(type).get(name));
    }

    @Override
    public SortedMap<String, Resource> all(ResourceType type) {
      return resources.getOrDefault(type, new TreeMap<>());
    }
  }

  /** An agent that applies what it gets; resources whose content is "bad" are refused. */
  private static final class Agent {
    final Map<ResourceType, Map<String, Resource>> has = new EnumMap<>(ResourceType.class);
    final Map<ResourceType, Set<String>> absent = new EnumMap<>(ResourceType.class);
    final Deque<DeltaDiscoveryRequest> toServer = new ArrayDeque<>();
    final Deque<DeltaDiscoveryResponse> toClient = new ArrayDeque<>();

    void subscribe(ResourceType type, Collection<String> names) {
      toServer.add(
          DeltaDiscoveryRequest.newBuilder()
              .setTypeUrl(type.typeUrl())
              .addAllResourceNamesSubscribe(names)
              .build());
    }

    void apply() {
      DeltaDiscoveryResponse response = toClient.removeFirst();
      ResourceType type = ResourceType.of(response.getTypeUrl()).orElseThrow();
      DeltaDiscoveryRequest.Builder answer =
          DeltaDiscoveryRequest.newBuilder()
              .setTypeUrl(response.getTypeUrl())
              .setResponseNonce(response.getNonce());
      List<Resource> resources =
          response.getResourcesList().stream()
              .map(r -> Resource.of(type, r.getName(), r.getResource().getValue()))
              .toList();
      if (resources.stream().anyMatch(r -> r.content().toStringUtf8().equals("bad"))) {
        answer.setErrorDetail(ErrorDetail.newBuilder().setMessage("no good"));
      } else {
        Map<String, Resource> mine = has.computeIfAbsent(type, _ -> new TreeMap<>());
        resources.forEach(r -> mine.put(r.name(), r));
        response.getRemovedResourcesList().forEach(mine::remove);
        absent
            .computeIfAbsent(type, _ -> new TreeSet<>())
            .addAll(response.getRemovedResourcesList());
      }
      toServer.add(answer.build());
    }

    Map<String, String> values(ResourceType type) {
      Map<String, String> values = new TreeMap<>();
      has.getOrDefault(type, Map.of())
          .forEach((name, resource) -> values.put(name, resource.content().toStringUtf8()));
      return values;
    }
  }

  private static void settle(AdsSession session, Agent agent) {
    for (int i = 0; i < 10_000; i++) {
      agent.toClient.addAll(session.next());
      if (!agent.toClient.isEmpty()) {
        agent.apply();
      } else if (!agent.toServer.isEmpty()) {
        session.onRequest(agent.toServer.removeFirst());
      } else {
        return;
      }
    }
    throw new AssertionError("never settles");
  }

  private static AdsSession session(ResourceView view) {
    AdsSession session = new AdsSession("pilot test");
    session.show(view);
    return session;
  }

  @Test
  void aNameThatDoesNotExistIsAnsweredAndComesLater() {
    AdsSession session = session(Plain.endpoints(Map.of()));
    Agent agent = new Agent();
    agent.subscribe(ResourceType.ENDPOINTS, List.of("default/web"));
    settle(session, agent);
    assertThat(agent.absent.get(ResourceType.ENDPOINTS)).containsExactly("default/web");
    session.show(Plain.endpoints(Map.of("default/web", "1", "default/other", "1")));
    settle(session, agent);
    assertThat(agent.values(ResourceType.ENDPOINTS)).isEqualTo(Map.of("default/web", "1"));
    assertThat(session.isSynced()).isTrue();
  }

  @Test
  void aReturningClientIsToldOnlyTheDifference() {
    Plain view = Plain.endpoints(Map.of("a", "1", "b", "2"));
    AdsSession session = session(view);
    session.onRequest(
        DeltaDiscoveryRequest.newBuilder()
            .setTypeUrl(ResourceType.ENDPOINTS.typeUrl())
            .addAllResourceNamesSubscribe(List.of("a", "b", "c"))
            .putInitialResourceVersions(
                "a", view.get(ResourceType.ENDPOINTS, "a").orElseThrow().version())
            .putInitialResourceVersions("b", "old")
            .putInitialResourceVersions("c", "gone since")
            .build());
    List<DeltaDiscoveryResponse> round = session.next();
    assertThat(round).hasSize(1);
    assertThat(round.getFirst().getResourcesList())
        .extracting(r -> r.getName())
        .containsExactly("b");
    assertThat(round.getFirst().getRemovedResourcesList()).containsExactly("c");
  }

  @Test
  void kindsComeInTheirOrderAndASlowClientGetsOnlyTheNewest() {
    AdsSession session = session(Plain.of(Map.of()));
    Agent agent = new Agent();
    agent.subscribe(ResourceType.ENDPOINTS, List.of("s"));
    agent.subscribe(ResourceType.SERVICE, List.of());
    settle(session, agent);
    for (int i = 1; i <= 3; i++) {
      session.show(
          Plain.of(
              Map.of(
                  ResourceType.SERVICE, Map.of("s", "s" + i),
                  ResourceType.ENDPOINTS, Map.of("s", "e" + i))));
      agent.toClient.addAll(session.next());
    }
    assertThat(agent.toClient)
        .extracting(r -> r.getTypeUrl())
        .containsExactly(ResourceType.SERVICE.typeUrl(), ResourceType.ENDPOINTS.typeUrl());
    settle(session, agent);
    assertThat(agent.values(ResourceType.ENDPOINTS)).isEqualTo(Map.of("s", "e3"));
  }

  @Test
  void oneBadResourceDoesNotHoldTheOthersUp() {
    AdsSession session = session(Plain.endpoints(Map.of("a", "1", "b", "bad", "c", "3")));
    Agent agent = new Agent();
    agent.subscribe(ResourceType.ENDPOINTS, List.of("a", "b", "c"));
    settle(session, agent);
    assertThat(agent.values(ResourceType.ENDPOINTS)).isEqualTo(Map.of("a", "1", "c", "3"));
    assertThat(session.isSynced()).isFalse();
    AdsSession.KindState kind = session.kinds().getFirst();
    assertThat(kind.refused()).containsExactly("b");
    session.show(Plain.endpoints(Map.of("a", "1", "b", "2", "c", "3")));
    settle(session, agent);
    assertThat(agent.values(ResourceType.ENDPOINTS)).containsEntry("b", "2");
    assertThat(session.isSynced()).isTrue();
  }

  @Test
  void unknownKindsAreReportedAndNotAnswered() {
    AdsSession session = session(Plain.of(Map.of()));
    assertThat(
            session.onRequest(
                DeltaDiscoveryRequest.newBuilder()
                    .setTypeUrl("type.googleapis.com/hostmesh.v9.Future")
                    .build()))
        .isInstanceOf(AdsSession.Event.UnknownKind.class);
    assertThat(session.next()).isEmpty();
    assertThat(session.unknownKinds()).containsExactly("type.googleapis.com/hostmesh.v9.Future");
  }

  @Test
  void largeAnswersAreSplit() {
    Map<String, String> values = new TreeMap<>();
    IntStream.range(0, 40).forEach(i -> values.put("s" + i, "x".repeat(10_000) + i));
    AdsSession session = session(Plain.of(Map.of(ResourceType.SERVICE, values)));
    Agent agent = new Agent();
    agent.subscribe(ResourceType.SERVICE, List.of());
    session.onRequest(agent.toServer.removeFirst());
    List<DeltaDiscoveryResponse> round = session.next();
    assertThat(round).hasSizeGreaterThan(3);
    assertThat(round).allMatch(r -> r.getSerializedSize() < 2 * AdsSession.RESPONSE_BYTES);
    agent.toClient.addAll(round);
    settle(session, agent);
    assertThat(agent.values(ResourceType.SERVICE)).isEqualTo(values);
  }

  /** Whatever happens in whatever order: once it is quiet, the client has what the server has. */
  @Property(tries = 500)
  void aClientThatAppliesEverythingEndsEqual(@ForAll long seed) {
    Random random = new Random(seed);
    AdsSession session = session(randomView(random));
    Agent agent = new Agent();
    Set<Wanted> wanted = new HashSet<>();
    for (ResourceType type : ResourceType.values()) {
      agent.subscribe(type, List.of());
    }
    for (int step = 0; step < 60; step++) {
      switch (random.nextInt(6)) {
        case 0 -> session.show(randomView(random));
        case 1 -> {
          ResourceType type = anyType(random);
          String name = "n" + random.nextInt(5);
          if (!type.forEveryone()) {
            agent.subscribe(type, List.of(name));
            wanted.add(new Wanted(type, name));
          }
        }
        case 2 -> {
          ResourceType type = anyType(random);
          String name = "n" + random.nextInt(5);
          if (!type.forEveryone() && wanted.remove(new Wanted(type, name))) {
            agent.toServer.add(
                DeltaDiscoveryRequest.newBuilder()
                    .setTypeUrl(type.typeUrl())
                    .addResourceNamesUnsubscribe(name)
                    .build());
          }
        }
        case 3 -> agent.toClient.addAll(session.next());
        case 4 -> {
          if (!agent.toServer.isEmpty()) {
            session.onRequest(agent.toServer.removeFirst());
          }
        }
        default -> {
          if (!agent.toClient.isEmpty()) {
            agent.apply();
          }
        }
      }
    }
    Plain last = randomView(random);
    session.show(last);
    settle(session, agent);
    for (ResourceType type : ResourceType.values()) {
      Map<String, String> expected = new TreeMap<>();
      last.all(type)
          .forEach(
              (name, resource) -> {
                if (type.forEveryone() || wanted.contains(new Wanted(type, name))) {
                  expected.put(name, resource.content().toStringUtf8());
                }
              });
      Map<String, String> actual = agent.values(type);
      if (!type.forEveryone()) {
        actual
            .keySet()
            .removeIf(
                name ->
                    !wanted.contains(
                        new Wanted(type, name))); // An agent forgets what it does not want.
      }
      assertThat(actual).as("%s", type).isEqualTo(expected);
    }
    assertThat(session.isSynced()).isTrue();
  }

  private record Wanted(ResourceType type, String name) {}

  private static ResourceType anyType(Random random) {
    List<ResourceType> types = List.of(ResourceType.values());
    return types.get(random.nextInt(types.size()));
  }

  private static Plain randomView(Random random) {
    Map<ResourceType, Map<String, String>> values = new EnumMap<>(ResourceType.class);
    for (ResourceType type : ResourceType.values()) {
      Map<String, String> names = new TreeMap<>();
      for (String name : new ArrayList<>(List.of("n0", "n1", "n2", "n3", "n4"))) {
        if (random.nextBoolean()) {
          names.put(name, "v" + random.nextInt(3));
        }
      }
      values.put(type, names);
    }
    return Plain.of(values);
  }
}
