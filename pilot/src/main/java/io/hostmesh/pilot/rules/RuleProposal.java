package io.hostmesh.pilot.rules;

import io.hostmesh.model.hocon.HoconException;
import io.hostmesh.model.hocon.Origin;
import io.hostmesh.model.rules.RouteRule;
import io.hostmesh.model.rules.Rule;
import io.hostmesh.model.rules.RuleKey;
import io.hostmesh.model.rules.RuleParser;
import io.hostmesh.pilot.rules.RuleProblem.Weight;
import io.hostmesh.runtime.UserError;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Rules that an operator wants, judged as a whole: good ones, or a refusal. Immutable.
 *
 * @param texts each rule's document
 * @param notes what is worth saying though it is no mistake
 */
public record RuleProposal(Map<RuleKey, String> texts, List<RuleProblem> notes) {
  public RuleProposal {
    texts = Map.copyOf(texts);
    notes = List.copyOf(notes);
  }

  /**
   * @param name for messages, as the operator knows it
   */
  public record File(String name, String text) {}

  /**
   * Judges documents, each of one rule.
   *
   * @param gone rules that are deleted with it
   * @param inForce what holds now, which these rules may replace
   * @throws HoconException for the first document that cannot be read
   * @throws UserError naming what is wrong where the rules do not fit the mesh or each other
   */
  public static RuleProposal judge(
      List<File> files, Set<RuleKey> gone, Known known, List<Rule> inForce) {
    if (files.isEmpty() && gone.isEmpty()) {
      throw new UserError("there is no rule in this; name files with hostmesh apply -f");
    }
    Map<RuleKey, String> texts = new LinkedHashMap<>();
    Map<RuleKey, Origin> origins = new LinkedHashMap<>();
    List<Rule> rules = new ArrayList<>();
    List<RuleProblem> problems = new ArrayList<>();
    for (File file : files) {
      Rule rule = RuleParser.parse(file.name(), file.text());
      Origin first = origins.putIfAbsent(rule.key(), rule.origin());
      if (first != null) {
        throw new HoconException(
            rule.origin(), "the rule " + rule.key() + " stands in " + first + " already");
      }
      texts.put(rule.key(), file.text());
      rules.add(rule);
    }
    Known before = known.with(inForce);
    List<Rule> staying =
        inForce.stream()
            .filter(rule -> !gone.contains(rule.key()) && !texts.containsKey(rule.key()))
            .toList();
    Known after = known.with(staying).with(rules);
    rules.forEach(rule -> problems.addAll(RuleCheck.check(rule, after)));
    for (Rule held : staying) { // What these take away from them.
      if (held instanceof RouteRule route) {
        List<ForeignSubset> already = ForeignSubset.undeclared(route, before);
        ForeignSubset.undeclared(route, after).stream()
            .filter(each -> !already.contains(each))
            .map(each -> each.problem(after, Weight.NOTE))
            .forEach(problems::add);
      }
    }
    List<RuleProblem> refusals = problems.stream().filter(RuleProblem::refuses).toList();
    if (!refusals.isEmpty()) {
      throw new UserError(refusals.getFirst() + more(refusals.size() - 1));
    }
    return new RuleProposal(texts, problems);
  }

  private static String more(int others) {
    return switch (others) {
      case 0 -> "";
      case 1 -> " (and 1 other problem)";
      default -> " (and " + others + " other problems)";
    };
  }

  public List<RuleStore.Change> changes() {
    return texts.entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .map(entry -> new RuleStore.Change(entry.getKey(), Optional.of(entry.getValue())))
        .toList();
  }
}
