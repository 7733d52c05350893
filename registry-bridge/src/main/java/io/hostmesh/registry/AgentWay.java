package io.hostmesh.registry;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.kiwiproject.consul.AgentClient;
import org.kiwiproject.consul.ConsulException;
import org.kiwiproject.consul.NotRegisteredException;
import org.kiwiproject.consul.model.State;
import org.kiwiproject.consul.model.agent.ImmutableRegCheck;
import org.kiwiproject.consul.model.agent.ImmutableRegistration;
import org.kiwiproject.consul.model.agent.Registration;
import org.kiwiproject.consul.model.health.HealthCheck;
import org.kiwiproject.consul.option.ImmutableQueryParameterOptions;
import org.kiwiproject.consul.option.Options;
import org.kiwiproject.consul.option.QueryParameterOptions;

/**
 * Registration with the host's own Consul agent, which carries it into the catalog (Consul, "Agent"
 * HTTP API). Every check has a time to live and is repeated well before it is over.
 */
final class AgentWay implements RegistrationWay {
  /** What a host that is gone for good leaves behind does not stay for ever. */
  private static final String REMOVE_AFTER = "24h";

  /** The check that says no more than that the mesh's agent lives. */
  private static final LocalCheck ALIVE = new LocalCheck("alive", "Hostmesh agent");

  private static final QueryParameterOptions WITH_THESE_CHECKS =
      ImmutableQueryParameterOptions.builder().replaceExistingChecks(true).build();

  private final Connections connections;
  private final RegisteringNode node;
  private final Map<String, LocalService> registered = new HashMap<>();
  private @Nullable Map<String, CheckReport> inherited;

  AgentWay(Connections connections, RegisteringNode node) {
    this.connections = connections;
    this.node = node;
  }

  private AgentClient agent() {
    return connections.calls().agentClient();
  }

  @Override
  public Map<String, String> bringAbout(DesiredServices desired) {
    Map<String, CheckReport> reports = new HashMap<>(inherited());
    reports.putAll(desired.reports());
    desired.departing().values().forEach(this::remove);
    Map<String, String> refused = new HashMap<>();
    for (LocalService service : desired.services().values()) {
      try {
        keep(service, reports);
      } catch (RegistryException e) {
        if (e.kind() != RegistryException.Kind.REFUSED) {
          throw e;
        }
        refused.put(service.id(), String.valueOf(e.getMessage()));
      } catch (AdoptionException e) {
        refused.put(service.id(), String.valueOf(e.getMessage()));
      }
    }
    return refused;
  }

  /** What a predecessor reported last, so that taking over does not turn a check critical. */
  private Map<String, CheckReport> inherited() {
    Map<String, CheckReport> known = inherited;
    if (known == null) {
      known = new HashMap<>();
      for (HealthCheck check : connections.perform(() -> agent().getChecks()).values()) {
        known.put(
            check.getCheckId(),
            new CheckReport(CheckStatus.parse(check.getStatus()), check.getOutput().orElse("")));
      }
      inherited = known;
    }
    return known;
  }

  private void keep(LocalService service, Map<String, CheckReport> reports)
      throws AdoptionException {
    if (!service.equals(registered.get(service.id()))) {
      register(service, reports);
    } else if (!repeat(service, reports)) {
      registered.remove(service.id());
      register(service, reports);
    }
  }

  private void register(LocalService service, Map<String, CheckReport> reports)
      throws AdoptionException {
    if (service.adopted()) {
      adopt(service, reports);
    } else {
      Registration registration = registration(service, reports);
      perform(() -> agent().register(registration, Options.BLANK_QUERY_OPTIONS, WITH_THESE_CHECKS));
    }
    registered.put(service.id(), service);
  }

  private Registration registration(LocalService service, Map<String, CheckReport> reports) {
    List<Registration.RegCheck> checks = new ArrayList<>();
    for (LocalCheck check : checks(service, reports)) {
      CheckReport report = report(service, check, reports);
      checks.add(
          ImmutableRegCheck.builder()
              .id(service.checkId(check.id()))
              .name(check.name())
              .ttl(connections.timing().lifetimeText())
              .status(report.status().text())
              .deregisterCriticalServiceAfter(REMOVE_AFTER)
              .build());
    }
    return ImmutableRegistration.builder()
        .id(service.id())
        .name(service.service().name())
        .address(service.address())
        .port(service.port())
        .meta(service.registeredMeta(node))
        .checks(checks)
        .build();
  }

  private void adopt(LocalService service, Map<String, CheckReport> reports)
      throws AdoptionException {
    boolean there = connections.perform(() -> agent().getServices()).containsKey(service.id());
    if (!there) {
      throw new AdoptionException(
          "service "
              + service.service()
              + ": adopt = "
              + service.id()
              + ": the Consul agent at "
              + connections.settings()
              + " has no service of this id; register it there, or take adopt out");
    }
    String notes = RegistrationMeta.toNotes(service.registeredMeta(node));
    for (LocalCheck check : checks(service, reports)) {
      // Its status comes with it: without, a running service would turn critical for a moment.
      CheckReport report = report(service, check, reports);
      ObjectNode body =
          connections
              .raw()
              .mapper()
              .createObjectNode()
              .put("ID", service.checkId(check.id()))
              .put("Name", check.name())
              .put("ServiceID", service.id())
              .put("TTL", connections.timing().lifetimeText())
              .put("Status", report.status().text())
              .put("Notes", notes);
      connections.perform(() -> connections.raw().put("/v1/agent/check/register", body));
    }
  }

  /** Says what every check found; false where the agent knows them no more. */
  private boolean repeat(LocalService service, Map<String, CheckReport> reports) {
    for (LocalCheck check : checks(service, reports)) {
      CheckReport report = report(service, check, reports);
      try {
        perform(() -> update(service.checkId(check.id()), report));
      } catch (RegistryException e) {
        if (e.status() == Connections.NOT_FOUND) {
          return false;
        }
        throw e;
      }
    }
    return true;
  }

  private void update(String check, CheckReport report) {
    State state =
        switch (report.status()) {
          case PASSING -> State.PASS;
          case WARNING -> State.WARN;
          case CRITICAL -> State.FAIL;
        };
    try {
      agent().check(check, state, report.output());
    } catch (NotRegisteredException e) {
      // The library says so of every failure; the cause says which.
      throw e.getCause() instanceof ConsulException failure ? failure : new ConsulException(e);
    }
  }

  private void remove(LocalService service) {
    registered.remove(service.id());
    if (service.adopted()) {
      List<LocalCheck> checks = new ArrayList<>(service.checks());
      checks.add(ALIVE);
      for (LocalCheck check : checks) {
        performUnlessGone(() -> agent().deregisterCheck(service.checkId(check.id())));
      }
    } else {
      performUnlessGone(() -> agent().deregister(service.id()));
    }
  }

  private void performUnlessGone(Runnable call) {
    try {
      perform(call);
    } catch (RegistryException e) {
      if (e.status() != Connections.NOT_FOUND) {
        throw e;
      }
    }
  }

  /**
   * Which checks there shall be now. An adopted service carries what the mesh says of it in the
   * notes of a check, and gets no other before that has found something: it may be running well.
   */
  private static List<LocalCheck> checks(LocalService service, Map<String, CheckReport> reports) {
    List<LocalCheck> checks = new ArrayList<>(service.checks());
    if (service.adopted()) {
      checks.removeIf(check -> !reports.containsKey(service.checkId(check.id())));
    }
    if (service.adopted() || checks.isEmpty()) {
      checks.add(ALIVE);
    }
    return checks;
  }

  private static CheckReport report(
      LocalService service, LocalCheck check, Map<String, CheckReport> reports) {
    return check.equals(ALIVE)
        ? CheckReport.ALIVE
        : reports.getOrDefault(service.checkId(check.id()), CheckReport.NONE_YET);
  }

  private void perform(Runnable call) {
    connections.perform(
        () -> {
          call.run();
          return true;
        });
  }
}
