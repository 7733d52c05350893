package io.hostmesh.cli;

import io.hostmesh.model.routing.RouteAnalysis;
import io.hostmesh.model.rules.RouteRule;
import io.hostmesh.model.rules.Rule;
import io.hostmesh.pilot.rules.ForeignSubset;
import io.hostmesh.pilot.rules.Known;
import io.hostmesh.pilot.rules.RuleCheck;
import io.hostmesh.pilot.rules.RuleProblem;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
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
    Known known =
        (services.isEmpty() ? Known.NOTHING : GivenServices.read(services)).with(given.rules());
    for (Rule rule : given.rules()) {
      if (!services.isEmpty()) {
        for (RuleProblem problem : RuleCheck.alone(rule, known)) {
          (problem.refuses() ? errors : notes).add(problem.toString());
        }
      }
      if (rule instanceof RouteRule route) {
        if (services.isEmpty()) { // What can be said by the rule alone.
          RouteAnalysis.of(route)
              .forEach(finding -> notes.add(finding.origin() + ": " + finding.text()));
        }
        ForeignSubset.of(route).forEach(named -> judge(named, known, errors, notes));
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

  /** Of a route that is not among the files nobody can tell here what it declares. */
  private static void judge(
      ForeignSubset named, Known known, List<String> errors, List<String> notes) {
    SortedSet<String> declared = known.subsets().get(named.service());
    if (declared == null) {
      notes.add(
          named.origin()
              + ": the route of "
              + named.service()
              + " is not among these files, so nobody can tell whether it declares subset \""
              + named.subset()
              + "\"");
    } else if (!declared.contains(named.subset())) {
      errors.add(named.problem(known, RuleProblem.Weight.DANGLING).toString());
    }
  }
}
