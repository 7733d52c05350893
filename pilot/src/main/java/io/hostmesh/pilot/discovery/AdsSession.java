package io.hostmesh.pilot.discovery;

import io.hostmesh.api.ResourceType;
import io.hostmesh.api.v1.ControlPlane;
import io.hostmesh.api.v1.DeltaDiscoveryRequest;
import io.hostmesh.api.v1.DeltaDiscoveryResponse;
import io.hostmesh.pilot.snapshot.Resource;
import io.hostmesh.pilot.snapshot.ResourceView;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The server's side of one stream of the incremental xDS transport (<a
 * href="https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol#incremental-xds">xDS
 * protocol</a>), as a state machine without I/O. Responses go out in rounds: a round tells, in the
 * order of the kinds, all that differs between the newest view and what the client has, and the
 * next round waits until every response of this one has been answered. So what refers comes after
 * what is referred to, and a slow client gets the newest state and nothing in between. Not for use
 * by several threads.
 */
public final class AdsSession {
  /** A response is closed once it holds so much, so that no message is large. */
  static final int RESPONSE_BYTES = 128 << 10;

  private final ControlPlane controlPlane;
  private final Map<ResourceType, Subscription> subscriptions = new EnumMap<>(ResourceType.class);
  private final Map<String, Sent> unanswered = new LinkedHashMap<>();
  private final Map<ResourceType, Acknowledged> acknowledged = new EnumMap<>(ResourceType.class);
  private final SortedSet<String> unknownKinds = new TreeSet<>();
  private @Nullable ResourceView view;
  private long nonce;

  /**
   * Nothing is answered before the first view.
   *
   * @param identifier what the pilot announces of itself
   */
  public AdsSession(String identifier) {
    this.controlPlane = ControlPlane.newBuilder().setIdentifier(identifier).build();
  }

  private record SentResource(String version, Optional<String> before) {}

  private record Sent(
      ResourceType type, String snapshot, SortedMap<String, SentResource> resources) {}

  /**
   * The last answer of a client for a kind.
   *
   * @param snapshot the version of the snapshot that it has taken last; empty before the first
   * @param refusal its reason for refusing a later one
   */
  public record Acknowledged(String snapshot, Optional<String> refusal) {}

  /** What a request meant, for the log. */
  public sealed interface Event {
    /** The client wants something, or took something. */
    record Progress() implements Event {}

    /** The client refused a response. */
    record Refused(ResourceType type, SortedSet<String> names, String reason) implements Event {}

    /** The client asks for a kind that this pilot does not know, which is not answered. */
    record UnknownKind(String typeUrl) implements Event {}
  }

  /** The view has changed. */
  public void show(ResourceView newest) {
    view = newest;
  }

  /** A request has arrived; afterwards {@link #next()} says what to send. */
  public Event onRequest(DeltaDiscoveryRequest request) {
    Optional<ResourceType> type = ResourceType.of(request.getTypeUrl());
    if (type.isEmpty()) {
      unknownKinds.add(request.getTypeUrl());
      return new Event.UnknownKind(request.getTypeUrl());
    }
    Event event = answered(request);
    subscribe(type.get(), request);
    return event;
  }

  private Event answered(DeltaDiscoveryRequest request) {
    Sent sent = unanswered.remove(request.getResponseNonce());
    if (sent == null) {
      return new Event.Progress();
    }
    Subscription subscription = subscription(sent.type());
    if (!request.hasErrorDetail()) {
      sent.resources().forEach((name, it) -> subscription.accepted(name, it.version()));
      acknowledged.put(
          sent.type(), new Acknowledged(sent.snapshot(), refusalStanding(sent.type())));
      return new Event.Progress();
    }
    boolean singly = sent.resources().size() == 1;
    sent.resources()
        .forEach((name, it) -> subscription.rejected(name, it.version(), it.before(), singly));
    String reason = request.getErrorDetail().getMessage();
    acknowledged.put(
        sent.type(),
        new Acknowledged(
            Optional.ofNullable(acknowledged.get(sent.type()))
                .map(Acknowledged::snapshot)
                .orElse(""),
            Optional.of(reason)));
    return new Event.Refused(sent.type(), new TreeSet<>(sent.resources().keySet()), reason);
  }

  /** A refusal stays on record for as long as something is refused. */
  private Optional<String> refusalStanding(ResourceType type) {
    Acknowledged last = acknowledged.get(type);
    return last == null || subscription(type).refusedNames().isEmpty()
        ? Optional.empty()
        : last.refusal();
  }

  private void subscribe(ResourceType type, DeltaDiscoveryRequest request) {
    boolean first = !subscriptions.containsKey(type);
    Subscription subscription = subscription(type);
    if (first
        && type.forEveryone()
        && request.getResourceNamesSubscribeCount() == 0
        && request.getResourceNamesUnsubscribeCount() == 0) {
      subscription.subscribeToAll();
    }
    subscription.subscribe(request.getResourceNamesSubscribeList());
    subscription.unsubscribe(request.getResourceNamesUnsubscribeList());
    if (first) {
      subscription.has(request.getInitialResourceVersionsMap());
    }
  }

  private Subscription subscription(ResourceType type) {
    return subscriptions.computeIfAbsent(type, Subscription::new);
  }

  /** What to send now: a round, or nothing while one is under way or nothing differs. */
  public List<DeltaDiscoveryResponse> next() {
    ResourceView newest = view;
    if (newest == null || !unanswered.isEmpty()) {
      return List.of();
    }
    List<DeltaDiscoveryResponse> round = new ArrayList<>();
    subscriptions.forEach(
        (type, subscription) -> {
          Subscription.Difference difference = subscription.against(newest);
          if (difference.isEmpty()) {
            noteCurrent(type, subscription, newest);
          } else {
            respond(type, difference, newest, round);
          }
        });
    return round;
  }

  /** Where nothing differs, the client is as new as the snapshot without a word. */
  private void noteCurrent(ResourceType type, Subscription subscription, ResourceView newest) {
    if (subscription.refusedNames().isEmpty()) {
      acknowledged.put(type, new Acknowledged(newest.version(), Optional.empty()));
    }
  }

  private void respond(
      ResourceType type,
      Subscription.Difference difference,
      ResourceView newest,
      List<DeltaDiscoveryResponse> round) {
    List<List<Resource>> groups = groups(difference);
    for (int i = 0; i < groups.size(); i++) {
      List<String> removed = i == 0 ? difference.removed() : List.of();
      round.add(response(type, groups.get(i), removed, newest));
    }
  }

  private static List<List<Resource>> groups(Subscription.Difference difference) {
    List<List<Resource>> groups = new ArrayList<>();
    List<Resource> group = new ArrayList<>();
    groups.add(group);
    int bytes = 0;
    for (Resource resource : difference.changed()) {
      int size = resource.wire().getSerializedSize();
      if (!group.isEmpty() && bytes + size > RESPONSE_BYTES) {
        group = new ArrayList<>();
        groups.add(group);
        bytes = 0;
      }
      group.add(resource);
      bytes += size;
    }
    if (difference.changed().isEmpty() && difference.removed().isEmpty()) {
      groups.clear();
    }
    difference.alone().forEach(resource -> groups.add(List.of(resource)));
    return groups;
  }

  private DeltaDiscoveryResponse response(
      ResourceType type, List<Resource> resources, List<String> removed, ResourceView newest) {
    Subscription subscription = subscription(type);
    SortedMap<String, SentResource> sent = new TreeMap<>();
    DeltaDiscoveryResponse.Builder response =
        DeltaDiscoveryResponse.newBuilder()
            .setTypeUrl(type.typeUrl())
            .setSystemVersionInfo(newest.version())
            .setNonce(Long.toString(++nonce))
            .setControlPlane(controlPlane)
            .addAllRemovedResources(removed);
    for (Resource resource : resources) {
      sent.put(resource.name(), new SentResource(resource.version(), subscription.tell(resource)));
      response.addResources(resource.wire());
    }
    removed.forEach(subscription::tellRemoved);
    unanswered.put(
        response.getNonce(),
        new Sent(type, newest.version(), Collections.unmodifiableSortedMap(sent)));
    return response.build();
  }

  /** Whether the client has said that it took everything there is now. */
  public boolean isSynced() {
    return view != null && subscriptions.keySet().stream().allMatch(this::isSynced);
  }

  private boolean isSynced(ResourceType type) {
    ResourceView newest = view;
    Subscription subscription = subscription(type);
    return newest != null
        && unanswered.values().stream().noneMatch(sent -> sent.type() == type)
        && subscription.against(newest).isEmpty()
        && subscription.refusedNames().isEmpty();
  }

  /** The state of one kind. */
  public record KindState(
      ResourceType type,
      boolean wildcard,
      int names,
      boolean synced,
      SortedSet<String> refused,
      @Nullable Acknowledged acknowledged) {}

  /** The state of every kind that the client has asked for. */
  public List<KindState> kinds() {
    List<KindState> kinds = new ArrayList<>();
    subscriptions.forEach(
        (type, s) ->
            kinds.add(
                new KindState(
                    type,
                    s.isWildcard(),
                    s.names().size(),
                    isSynced(type),
                    s.refusedNames(),
                    acknowledged.get(type))));
    return kinds;
  }

  /** Type URLs that the client asked for and that this pilot does not know. */
  public SortedSet<String> unknownKinds() {
    return Collections.unmodifiableSortedSet(unknownKinds);
  }
}
