package io.hostmesh.registry.embedded;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** How registrations, by the catalog's API and by the agent's, change the state. Pure. */
final class Registrations {
  private static final Set<String> STATUSES = Set.of("passing", "warning", "critical");

  private Registrations() {}

  /** {@code PUT /v1/catalog/register}. */
  static Store catalog(Store store, Payload body) {
    String name = required(body, "Node");
    @Nullable StoredNode old = store.node(name).orElse(null);
    boolean keepNode = body.flag("SkipNodeUpdate");
    String address = body.text("Address");
    if (address.isEmpty() && !keepNode) {
      throw Refusal.badRequest("Must provide address if SkipNodeUpdate is not set");
    }
    SortedMap<String, StoredService> services =
        new TreeMap<>(old == null ? Map.of() : old.services());
    body.object("Service")
        .map(Registrations::service)
        .ifPresent(service -> services.put(service.id(), service));
    SortedMap<String, StoredCheck> checks = new TreeMap<>(old == null ? Map.of() : old.checks());
    List<Payload> payloads = new ArrayList<>(body.objects("Checks"));
    body.object("Check").ifPresent(payloads::add);
    for (Payload payload : payloads) {
      StoredCheck check = ofService(catalogCheck(payload), services);
      checks.put(check.id(), check);
    }
    return store.write(
        new StoredNode(
            name,
            keepNode && old != null ? old.address() : address,
            keepNode && old != null ? old.meta() : body.textMap("NodeMeta"),
            services,
            checks,
            0,
            0));
  }

  /** {@code PUT /v1/catalog/deregister}. */
  static Store catalogRemoval(Store store, Payload body) {
    String node = required(body, "Node");
    if (body.has("ServiceID")) {
      return store.removeService(node, body.text("ServiceID"));
    }
    if (body.has("CheckID")) {
      return store.removeCheck(node, body.text("CheckID"));
    }
    return store.removeNode(node);
  }

  /**
   * {@code PUT /v1/agent/service/register}.
   *
   * @param alone whether checks of the service that the body does not name are removed
   */
  static Store agentService(Store store, String node, Payload body, boolean alone) {
    if (body.text("Name").isEmpty()) {
      throw Refusal.badRequest("Missing service name");
    }
    StoredService service =
        service(new Payload(with(body.fields(), "service", body.fields().get("name"))));
    List<Payload> payloads = new ArrayList<>(body.objects("Checks"));
    body.object("Check").ifPresent(payloads::add);
    List<StoredCheck> wanted = new ArrayList<>();
    for (int i = 0; i < payloads.size(); i++) {
      String id = "service:" + service.id() + (payloads.size() > 1 ? ":" + (i + 1) : "");
      wanted.add(agentCheck(payloads.get(i), id).of(service));
    }
    return store.update(
        node,
        n -> {
          SortedMap<String, StoredService> services = new TreeMap<>(n.services());
          services.put(service.id(), service);
          SortedMap<String, StoredCheck> checks = new TreeMap<>(n.checks());
          if (alone) {
            checks.values().removeIf(check -> check.serviceId().equals(service.id()));
          }
          wanted.forEach(check -> checks.put(check.id(), check));
          return n.with(services, checks);
        });
  }

  /** {@code PUT /v1/agent/check/register}. */
  static Store agentCheck(Store store, String node, Payload body) {
    if (body.text("Name").isEmpty()) {
      throw Refusal.badRequest("Missing check name");
    }
    StoredCheck check = agentCheck(body, body.text("Name"));
    return store.update(
        node,
        n -> {
          SortedMap<String, StoredCheck> checks = new TreeMap<>(n.checks());
          StoredCheck known = ofService(check, n.services());
          checks.put(known.id(), known);
          return n.with(n.services(), checks);
        });
  }

  private static StoredService service(Payload body) {
    String name = required(body, "Service");
    int port = body.integer("Port");
    if (port < 0 || port > 65535) {
      throw Refusal.badRequest("Invalid port " + port);
    }
    String id = body.text("ID");
    return new StoredService(
        id.isEmpty() ? name : id,
        name,
        body.text("Kind"),
        body.texts("Tags"),
        body.text("Address"),
        port,
        body.textMap("Meta"),
        0,
        0);
  }

  private static StoredCheck catalogCheck(Payload body) {
    String name = body.text("Name");
    String id = body.text("CheckID", name);
    if (id.isEmpty()) {
      throw Refusal.badRequest("Check without CheckID and Name");
    }
    return check(body, id, Optional.empty(), Optional.empty());
  }

  private static StoredCheck agentCheck(Payload body, String otherwise) {
    Optional<Duration> ttl = body.duration("TTL");
    if (ttl.isEmpty()) {
      throw Refusal.badRequest(
          "this embedded registry runs no checks itself; register them with a TTL and report them");
    }
    String id = body.text("ID", body.text("CheckID"));
    return check(
        body, id.isEmpty() ? otherwise : id, ttl, body.duration("DeregisterCriticalServiceAfter"));
  }

  private static StoredCheck check(
      Payload body, String id, Optional<Duration> ttl, Optional<Duration> removeAfter) {
    String status = body.text("Status");
    if (status.isEmpty()) {
      status = StoredCheck.CRITICAL;
    }
    if (!STATUSES.contains(status)) {
      throw Refusal.badRequest("Status for checks must be 'passing', 'warning', or 'critical'");
    }
    String name = body.text("Name");
    return new StoredCheck(
        id,
        name.isEmpty() ? id : name,
        status,
        body.text("Notes"),
        body.text("Output"),
        body.text("ServiceID"),
        body.text("ServiceName"),
        ttl,
        removeAfter,
        0,
        0);
  }

  /** A check of a service bears its name, and cannot be without it. */
  private static StoredCheck ofService(
      StoredCheck check, SortedMap<String, StoredService> services) {
    if (check.serviceId().isEmpty()) {
      return check;
    }
    StoredService service = services.get(check.serviceId());
    if (service == null) {
      throw Refusal.state(
          "Missing service registration: ServiceID \"" + check.serviceId() + "\" does not exist");
    }
    return check.of(service);
  }

  private static String required(Payload body, String name) {
    String value = body.text(name);
    if (value.isEmpty()) {
      throw Refusal.badRequest("Must provide " + name.toLowerCase(java.util.Locale.ROOT));
    }
    return value;
  }

  private static <T> Map<String, T> with(Map<String, T> map, String key, @Nullable T value) {
    Map<String, T> copy = new java.util.HashMap<>(map);
    if (value != null) {
      copy.put(key, value);
    }
    return copy;
  }
}
