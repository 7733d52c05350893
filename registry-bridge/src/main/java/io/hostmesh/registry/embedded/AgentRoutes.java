package io.hostmesh.registry.embedded;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hostmesh.registry.embedded.Deadlines.CheckKey;
import java.time.Duration;
import java.util.Map;
import java.util.Set;

/**
 * {@code /v1/agent/}: services and checks of the registry's own node, as a Consul agent keeps those
 * of its host.
 */
final class AgentRoutes {
  private static final Set<String> STATUSES = Set.of("passing", "warning", "critical");
  private static final Map<String, String> REPORTS =
      Map.of("pass", "passing", "warn", "warning", "fail", "critical");

  private final Live live;
  private final String self;
  private final ObjectNode description;

  AgentRoutes(Live live, String self, ObjectNode description) {
    this.live = live;
    this.self = self;
    this.description = description;
  }

  void addTo(Routes routes) {
    routes.at("GET", "/v1/agent/self", read(_ -> Answer.json(description)));
    routes.at("GET", "/v1/agent/members", read(_ -> Answer.json(Views.array())));
    routes.at("GET", "/v1/agent/services", read(_ -> Answer.json(services())));
    routes.at("GET", "/v1/agent/checks", read(_ -> Answer.json(checks())));
    routes.under("GET", "/v1/agent/service/", read(this::service));
    routes.at("PUT", "/v1/agent/service/register", new Handler.Write(this::register));
    routes.under("PUT", "/v1/agent/service/deregister/", new Handler.Write(this::deregister));
    routes.at("PUT", "/v1/agent/check/register", new Handler.Write(this::registerCheck));
    routes.under("PUT", "/v1/agent/check/deregister/", new Handler.Write(this::deregisterCheck));
    routes.under("PUT", "/v1/agent/check/update/", new Handler.Write(this::update));
    REPORTS.forEach(
        (verb, status) ->
            routes.under(
                "PUT",
                "/v1/agent/check/" + verb + "/",
                new Handler.Write(
                    call -> report(call.name(), status, call.parameter("note").orElse("")))));
  }

  private static Handler read(java.util.function.Function<Call, Answer> view) {
    return new Handler.Read(call -> new Query(Store::index, _ -> view.apply(call)));
  }

  private StoredNode node() {
    return live.store()
        .node(self)
        .orElseThrow(() -> Refusal.state("the node " + self + " was removed from the catalog"));
  }

  private ObjectNode services() {
    ObjectNode view = Views.object();
    node().services().forEach((id, service) -> view.set(id, Views.service(service)));
    return view;
  }

  private ObjectNode checks() {
    ObjectNode view = Views.object();
    StoredNode node = node();
    node.checks().forEach((id, check) -> view.set(id, Views.check(node, check)));
    return view;
  }

  private Answer service(Call call) {
    StoredService service = node().services().get(call.name());
    if (service == null) {
      throw unknownService(call.name());
    }
    return Answer.json(Views.service(service));
  }

  private Answer register(Call call) {
    boolean alone = call.flag("replace-existing-checks");
    live.change(store -> Registrations.agentService(store, self, call.payload(), alone));
    Payload body = call.payload();
    String id = body.text("ID").isEmpty() ? body.text("Name") : body.text("ID");
    node().checks().values().stream()
        .filter(check -> check.serviceId().equals(id))
        .forEach(this::begin);
    return Answer.NOTHING;
  }

  private Answer registerCheck(Call call) {
    live.change(store -> Registrations.agentCheck(store, self, call.payload()));
    Payload body = call.payload();
    String id = body.text("ID", body.text("CheckID"));
    begin(check(id.isEmpty() ? body.text("Name") : id));
    return Answer.NOTHING;
  }

  /** A registration begins the time of its checks anew. */
  private void begin(StoredCheck check) {
    check
        .ttl()
        .ifPresent(ttl -> live.deadlines().check(new CheckKey(self, check.id()), ttl, live.now()));
  }

  private Answer deregister(Call call) {
    if (!node().services().containsKey(call.name())) {
      throw unknownService(call.name());
    }
    live.change(store -> store.removeService(self, call.name()));
    return Answer.NOTHING;
  }

  private Answer deregisterCheck(Call call) {
    check(call.name());
    live.change(store -> store.removeCheck(self, call.name()));
    return Answer.NOTHING;
  }

  private Answer update(Call call) {
    Payload body = call.payload();
    String status = body.text("Status", "passing");
    if (!STATUSES.contains(status)) {
      throw Refusal.badRequest("Invalid check status: \"" + status + "\"");
    }
    return report(call.name(), status, body.text("Output"));
  }

  private Answer report(String id, String status, String output) {
    StoredCheck check = check(id);
    Duration ttl =
        check
            .ttl()
            .orElseThrow(
                () -> Refusal.state("CheckID \"" + id + "\" does not have associated TTL"));
    live.deadlines().check(new CheckKey(self, id), ttl, live.now());
    live.change(store -> store.report(self, id, status, output));
    return Answer.NOTHING;
  }

  private StoredCheck check(String id) {
    StoredCheck check = node().checks().get(id);
    if (check == null) {
      throw Refusal.notFound(
          "Unknown check ID \""
              + id
              + "\". Ensure that the check ID is passed, not the check name.");
    }
    return check;
  }

  private static Refusal unknownService(String id) {
    return Refusal.notFound(
        "Unknown service ID \""
            + id
            + "\". Ensure that the service ID is passed, not the service name.");
  }
}
