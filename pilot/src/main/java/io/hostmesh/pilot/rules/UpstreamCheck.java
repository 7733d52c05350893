package io.hostmesh.pilot.rules;

import io.hostmesh.model.hocon.Nearest;
import io.hostmesh.model.hocon.Origin;
import io.hostmesh.model.rules.ActiveCheck;
import io.hostmesh.model.rules.Balance;
import io.hostmesh.model.rules.Balance.HashOn;
import io.hostmesh.model.rules.LocalityPolicy;
import io.hostmesh.model.rules.Scope;
import io.hostmesh.model.rules.Upstream;
import io.hostmesh.model.rules.UpstreamRule;
import io.hostmesh.pilot.rules.RuleProblem.Weight;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/** Judges how calls are to be shared and protected by what is known of those who are called. */
final class UpstreamCheck {
  private final UpstreamRule rule;
  private final Known known;
  private final List<RuleProblem> problems;

  private UpstreamCheck(UpstreamRule rule, Known known, List<RuleProblem> problems) {
    this.rule = rule;
    this.known = known;
    this.problems = problems;
  }

  static void check(UpstreamRule rule, Known known, List<RuleProblem> problems) {
    UpstreamCheck check = new UpstreamCheck(rule, known, problems);
    check.connections(rule.upstream());
    check.regions();
  }

  /** On bare connections there are no requests to be hashed, and no answers to questions. */
  private void connections(Upstream upstream) {
    List<HashOn> hashOn = upstream.balance().map(Balance::hashOn).orElse(List.of());
    if (!hashOn.isEmpty()
        && hashOn.stream().noneMatch(each -> each.part() == HashOn.Part.SOURCE_ADDRESS)) {
      notOnTcp("balance.hash-on", "source-address = true");
    }
    if (upstream.affinity().isPresent()) {
      notOnTcp("affinity", "balance { policy = maglev, hash-on = [ { source-address = true } ] }");
    }
    if (upstream.protection().checks().stream()
        .anyMatch(check -> !(check.question() instanceof ActiveCheck.Question.Tcp))) {
      notOnTcp("health-checks", "tcp = true");
    }
  }

  /**
   * @param instead what a section may say of a bare connection
   */
  private void notOnTcp(String key, String instead) {
    boolean own = rule.scope() instanceof Scope.Service;
    known.services().entrySet().stream()
        .filter(entry -> rule.scope().covers(entry.getKey()))
        .filter(entry -> RuleCheck.isTcp(entry.getValue().protocol()))
        .findFirst()
        .ifPresent(
            entry ->
                add(
                    key,
                    "asks for what only requests have, but "
                        + entry.getKey()
                        + " speaks tcp"
                        + (own
                            ? "; write " + instead + ", or declare protocol = http for the service"
                            : ": it has no effect on its connections"),
                    own ? Weight.DANGLING : Weight.NOTE));
  }

  /** A region that is only planned is no mistake, so it is said and not refused. */
  private void regions() {
    SortedSet<String> named = new TreeSet<>();
    for (LocalityPolicy.Failover order :
        rule.upstream().locality().map(LocalityPolicy::failover).orElse(List.of())) {
      named.addAll(order.from());
      named.addAll(order.to());
    }
    // Who is where is looked at for few rules: each time it is a look at every instance.
    SortedSet<String> there = named.isEmpty() ? named : known.regions();
    if (there.isEmpty()) {
      return; // Where nobody says where anything stands, that is said of the instances.
    }
    named.removeAll(there);
    for (String region : named) {
      add(
          "locality.failover",
          "no instance of the mesh is in the region \""
              + region
              + "\" now; "
              + Nearest.to(region, List.copyOf(there))
                  .map(nearest -> "did you mean \"" + nearest + "\"?")
                  .orElse("there are " + String.join(", ", there)),
          Weight.NOTE);
    }
  }

  private void add(String key, String text, Weight weight) {
    Origin section = rule.place(key.split("\\.", 2)[0]);
    problems.add(new RuleProblem(new Origin(section.file(), section.line(), key), text, weight));
  }
}
