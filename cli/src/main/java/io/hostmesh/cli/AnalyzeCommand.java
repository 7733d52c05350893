package io.hostmesh.cli;

import io.hostmesh.model.ServiceName;
import io.hostmesh.model.routing.RouteAnalysis;
import io.hostmesh.model.rules.RouteRule;
import io.hostmesh.model.rules.Rule;
import io.hostmesh.pilot.rules.Known;
import io.hostmesh.pilot.rules.RuleCheck;
import io.hostmesh.pilot.rules.RuleProblem;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code hostmesh analyze}. */
@Command(
    name = "analyze",
    description = {
      "Judge rules without a mesh: what cannot be read, what contradicts, entries that no request",
      "comes to, subsets that nobody uses. With --services also names and subsets that are not",
      "there. Ends with 1 where a rule would be refused, with 0 where there are only notes."
    },
    footer = {
      "",
      "Example:",
      "  hostmesh analyze rules/",
      "  hostmesh analyze --services hosts/h1/services.d --services hosts/h2/services.d rules/"
    })
final class AnalyzeCommand implements Callable<Integer> {
  @Parameters(
      arity = "1..*",
      paramLabel = "FILE|DIR",
      description = "rules: files, or folders (all .conf files in and below them)")
  private List<Path> sources = List.of();

  @Option(
      names = "--services",
      paramLabel = "DIR",
      description = "a host's service definitions, to judge names, protocols and subsets by")
  private List<Path> services = List.of();

  @Override
  public Integer call() {
    GivenRules given = GivenRules.read(sources);
    List<String> errors = new ArrayList<>(given.problems());
    List<String> notes = new ArrayList<>();
    foreignSubsets(given.rules(), errors);
    if (services.isEmpty()) {
      given.rules().forEach(rule -> findings(rule, notes));
    } else {
      Known known = GivenServices.read(services);
      for (Rule rule : given.rules()) {
        for (RuleProblem problem : RuleCheck.check(rule, known)) {
          (problem.refuses() ? errors : notes).add(problem.toString());
        }
      }
    }
    errors.forEach(error -> System.out.println("error: " + error));
    notes.forEach(note -> System.out.println("note: " + note));
    System.out.printf(
        "%d rules: %d errors, %d notes%s%n",
        given.rules().size(),
        errors.size(),
        notes.size(),
        services.isEmpty() ? "; names of services were not judged (--services)" : "");
    return errors.isEmpty() ? 0 : 1;
  }

  private static void findings(Rule rule, List<String> notes) {
    if (rule instanceof RouteRule route) {
      RouteAnalysis.of(route)
          .forEach(finding -> notes.add(finding.origin() + ": " + finding.text()));
    }
  }

  /** Subsets of other services, where these have a route among the files. */
  private static void foreignSubsets(List<Rule> rules, List<String> errors) {
    Map<ServiceName, RouteRule> routes = new HashMap<>();
    for (Rule rule : rules) {
      if (rule instanceof RouteRule route) {
        routes.put(route.service(), route);
      }
    }
    for (RouteRule route : routes.values()) {
      for (RouteRule.Entry entry : route.entries()) {
        for (RouteRule.Target target : entry.targets()) {
          RouteRule other = target.service().map(routes::get).orElse(null);
          if (other != null
              && target.subset().isPresent()
              && !other.subsets().containsKey(target.subset().get())) {
            errors.add(
                target.origin()
                    + ": the route of "
                    + other.service()
                    + " ("
                    + other.origin().file()
                    + ") declares no subset \""
                    + target.subset().get()
                    + "\"");
          }
        }
      }
    }
  }
}
