package io.hostmesh.cli;

import io.hostmesh.agent.authz.AccessTable;
import io.hostmesh.agent.authz.Peer;
import io.hostmesh.agent.authz.Request;
import io.hostmesh.agent.authz.Verdict;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.model.hocon.HoconException;
import io.hostmesh.model.routing.RouteTable;
import io.hostmesh.model.rules.AccessRule;
import io.hostmesh.model.rules.RouteRule;
import io.hostmesh.model.rules.Rule;
import io.hostmesh.model.rules.RuleParser;
import io.hostmesh.runtime.UserError;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code hostmesh try}. */
@Command(
    name = "try",
    sortOptions = false,
    description = {
      "Say which rules a request would meet, without sending it: with -f by the rules of files, and",
      "no mesh is asked; without, by those that hold in the mesh."
    },
    footer = {
      "",
      "Example:",
      "  hostmesh try -f config/sample --from web --header x-user=me http://greeter.mesh/",
      "  hostmesh try --from web --method DELETE http://greeter.mesh/items/7"
    })
final class TryCommand implements Callable<Integer> {
  /** Names nobody: rules are asked about the mesh's own identities, whatever the domain is. */
  private static final String DOMAIN = "mesh.test";

  @Parameters(paramLabel = "URL", description = "what is called, such as http://greeter.mesh/path")
  private String url = "";

  @Option(
      names = {"-f", "--file"},
      paramLabel = "FILE|DIR",
      description = "the rules; without it, those that hold in the mesh")
  private List<Path> sources = List.of();

  @Option(names = "--from", paramLabel = "SERVICE", description = "who calls")
  private Optional<String> from = Optional.empty();

  @Option(
      names = {"-X", "--method"},
      description = "the method (default: ${DEFAULT-VALUE})")
  private String method = "GET";

  @Option(
      names = {"-H", "--header"},
      paramLabel = "NAME=VALUE",
      description = "a header of the request")
  private Map<String, String> headers = new LinkedHashMap<>();

  @Option(
      names = "--source-meta",
      paramLabel = "KEY=VALUE",
      description = "metadata of the caller's instances")
  private Map<String, String> sourceMeta = new LinkedHashMap<>();

  @Mixin private Mesh mesh = new Mesh();

  @Override
  public Integer call() {
    List<Rule> rules = sources.isEmpty() ? inForce() : given();
    TriedRequest request = request();
    ServiceName service = request.service();
    System.out.printf("%-8s %s %s of %s%n", "request", method, request.target(), service);
    try {
      route(rules, request).forEach(sent -> access(rules, sent));
    } catch (IllegalArgumentException e) {
      throw new UserError(String.valueOf(e.getMessage()), e);
    }
    return 0;
  }

  private TriedRequest request() {
    try {
      return TriedRequest.of(
          url,
          method,
          headers,
          from.map(name -> SpiffeId.Service.of(DOMAIN, "dc", ServiceName.parse(name))),
          sourceMeta);
    } catch (IllegalArgumentException e) {
      throw new UserError(String.valueOf(e.getMessage()), e);
    }
  }

  private List<Rule> given() {
    GivenRules given = GivenRules.read(sources);
    if (!given.problems().isEmpty()) {
      throw new UserError(given.problems().getFirst() + "; see hostmesh analyze");
    }
    return given.rules();
  }

  private List<Rule> inForce() {
    List<Rule> rules = new ArrayList<>();
    JsonObject answer = mesh.pilot().get("/v1/rules", Limits.QUESTION);
    for (Object each : answer.getJsonArray("rules")) {
      JsonObject rule = (JsonObject) each;
      String key = rule.getString("kind") + " " + rule.getString("service");
      if (!"in-force".equals(rule.getString("state"))) {
        System.err.println("note: " + key + " is left out: it is " + rule.getString("state"));
        continue;
      }
      try {
        rules.add(RuleParser.parse(key, rule.getString("text")));
      } catch (HoconException e) {
        System.err.println("note: " + key + " is left out: " + e.getMessage());
      }
    }
    return rules;
  }

  /** Says what the route does; gives the request as each service gets it that it may go to. */
  private static List<TriedRequest> route(List<Rule> rules, TriedRequest request) {
    Optional<RouteRule> rule =
        rules.stream()
            .filter(RouteRule.class::isInstance)
            .map(RouteRule.class::cast)
            .filter(route -> route.service().equals(request.service()))
            .findFirst();
    if (rule.isEmpty()) {
      say("route", "none, so it goes to all instances of " + request.service());
      return List.of(request);
    }
    RouteTable.Decision decision = RouteTable.compile(rule.get()).decide(request, new Random(0));
    if (decision == null) {
      say(
          "route",
          "no entry of "
              + rule.get().origin().file()
              + " holds it, so it goes to all"
              + " instances of "
              + request.service());
      return List.of(request);
    }
    RouteRule.Entry entry = decision.entry();
    say(
        "route",
        "entry " + entry.name().map(name -> "\"" + name + "\", ").orElse("") + entry.origin());
    TriedRoute.of(rule.get(), entry, request).forEach(line -> say(line.what(), line.text()));
    return entry.targets().stream()
        .filter(target -> target.weight() > 0)
        .map(target -> target.service().orElse(request.service()))
        .distinct()
        .map(service -> request.sentTo(service, entry))
        .toList();
  }

  /** What the service says that gets it. */
  private static void access(List<Rule> rules, TriedRequest request) {
    String at = "at " + request.service() + ": ";
    List<AccessRule> access =
        rules.stream()
            .filter(AccessRule.class::isInstance)
            .map(AccessRule.class::cast)
            .filter(rule -> rule.scope().covers(request.service()))
            .sorted((a, b) -> a.scope().compareTo(b.scope()))
            .toList();
    if (access.isEmpty()) {
      say("access", at + "no rule; mesh.default-access of pilot.conf decides");
      return;
    }
    AccessTable table = AccessTable.compile(request.service(), DOMAIN, access, true);
    Verdict verdict =
        table.request(
            new Request(
                new Peer(request.source(), "127.0.0.1"),
                request.port(),
                request.method(),
                request.path(),
                request.host(),
                request::headerValues,
                Optional.empty()));
    say(
        "access",
        at
            + switch (verdict) {
              case Verdict.Allowed(var by, _) ->
                  by.rule().isEmpty()
                      ? "no grant speaks of it; mesh.default-access of pilot.conf decides"
                      : "allowed by " + by.rule();
              case Verdict.Denied denied -> "denied: " + denied.sentence();
            });
  }

  private static void say(String what, String text) {
    System.out.printf("%-8s %s%n", what, text);
  }
}
