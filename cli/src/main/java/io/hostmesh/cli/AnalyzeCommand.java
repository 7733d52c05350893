package io.hostmesh.cli;

import io.hostmesh.model.routing.RouteAnalysis;
import io.hostmesh.model.rules.RouteRule;
import io.hostmesh.model.rules.Rule;
import io.hostmesh.pilot.rules.Known;
import io.hostmesh.pilot.rules.RuleCheck;
import io.hostmesh.pilot.rules.RuleProblem;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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
    if (services.isEmpty()) {
      Known routes = Known.NOTHING.with(given.rules());
      given.rules().forEach(rule -> findings(rule, routes, errors, notes));
    } else {
      Known known = GivenServices.read(services).with(given.rules());
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

  /** What can be said by the rules alone. */
  private static void findings(Rule rule, Known routes, List<String> errors, List<String> notes) {
    if (rule instanceof RouteRule route) {
      RuleCheck.foreignSubsets(route, routes).forEach(problem -> errors.add(problem.toString()));
      RouteAnalysis.of(route)
          .forEach(finding -> notes.add(finding.origin() + ": " + finding.text()));
    }
  }
}
