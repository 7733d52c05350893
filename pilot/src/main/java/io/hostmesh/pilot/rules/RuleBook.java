package io.hostmesh.pilot.rules;

import io.hostmesh.model.hocon.HoconException;
import io.hostmesh.model.hocon.Origin;
import io.hostmesh.model.rules.AccessRule;
import io.hostmesh.model.rules.AuthenticationRule;
import io.hostmesh.model.rules.ExternalAuthorizationRule;
import io.hostmesh.model.rules.ModeRule;
import io.hostmesh.model.rules.Rule;
import io.hostmesh.model.rules.RuleKey;
import io.hostmesh.model.rules.RuleParser;
import io.hostmesh.pilot.rules.RuleProblem.Weight;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * All rules of the registry and which of them hold. A document that cannot hold leaves the last
 * good one of its key in force; where there is none, a service whose access rule cannot be read is
 * closed, for somebody wanted it restricted. What was once in force stays so until its document
 * changes, whatever happens to the catalog. Immutable.
 */
public final class RuleBook {
  public static final RuleBook EMPTY = new RuleBook(Collections.emptySortedMap());

  private final SortedMap<String, RuleState> states;

  private RuleBook(SortedMap<String, RuleState> states) {
    this.states = states;
  }

  /**
   * The book as it was left by an earlier run: its documents are in force without a new check of
   * what they refer to.
   *
   * @param held what {@link #inForce()} listed then
   */
  public static RuleBook remembered(Collection<RuleDocument> held) {
    SortedMap<String, RuleState> states = new TreeMap<>();
    for (RuleDocument document : held) {
      switch (read(document)) {
        case Good(Rule rule) ->
            states.put(
                document.path(),
                new RuleState(
                    document, Optional.of(new RuleInForce(rule, document, false)), List.of()));
        case Bad _ -> {
          // Written by another version of pilot; the registry's own copy will be judged anew.
        }
      }
    }
    return new RuleBook(Collections.unmodifiableSortedMap(states));
  }

  /**
   * The book after the registry or what is known of the mesh has changed.
   *
   * @param stored every document that the registry has now
   */
  public RuleBook next(Collection<RuleDocument> stored, Known known) {
    return next(new RuleGate.Gated(List.copyOf(stored), Map.of()), known);
  }

  /**
   * The same where signatures were judged.
   *
   * @param gated the documents that count, and what is wrong with those that do not
   */
  public RuleBook next(RuleGate.Gated gated, Known known) {
    List<Wanted> all = new ArrayList<>();
    for (RuleDocument document : gated.documents()) {
      Optional<RuleProblem> alarm = Optional.ofNullable(gated.alarms().get(document.path()));
      all.add(
          new Wanted(
              document,
              Optional.ofNullable(states.get(document.path())).flatMap(RuleState::inForce),
              alarm.filter(problem -> !problem.refuses()),
              alarm
                  .filter(RuleProblem::refuses)
                  .<Reading>map(Bad::new)
                  .orElseGet(() -> read(document))));
    }
    // What routes may name of each other are the subsets of those that hold, so that comes first.
    RuleBook alone = judged(all, rule -> RuleCheck.alone(rule, known));
    Known with = known.with(alone.inForce().stream().map(RuleInForce::rule).toList());
    return judged(all, rule -> RuleCheck.check(rule, with));
  }

  /**
   * A document that is to hold.
   *
   * @param lastGood what of its key holds now
   * @param note what its signature makes worth saying
   */
  private record Wanted(
      RuleDocument document,
      Optional<RuleInForce> lastGood,
      Optional<RuleProblem> note,
      Reading reading) {}

  private static RuleBook judged(List<Wanted> all, Function<Rule, List<RuleProblem>> check) {
    SortedMap<String, RuleState> next = new TreeMap<>();
    all.forEach(wanted -> next.put(wanted.document().path(), judge(wanted, check)));
    return new RuleBook(Collections.unmodifiableSortedMap(next));
  }

  private static RuleState judge(Wanted wanted, Function<Rule, List<RuleProblem>> check) {
    RuleDocument document = wanted.document();
    Optional<RuleInForce> lastGood = wanted.lastGood();
    return switch (wanted.reading()) {
      case Bad(RuleProblem problem) ->
          new RuleState(document, lastGood.or(() -> closed(document)), List.of(problem))
              .with(wanted.note());
      case Good(Rule rule) -> {
        List<RuleProblem> problems = check.apply(rule);
        boolean wasInForce =
            lastGood
                .filter(good -> good.document().equals(document) && !good.standIn())
                .isPresent();
        Optional<RuleInForce> taken = Optional.of(new RuleInForce(rule, document, false));
        boolean holds = wasInForce || problems.stream().noneMatch(RuleProblem::refuses);
        boolean fatal = problems.stream().anyMatch(p -> p.weight() == Weight.FATAL);
        yield new RuleState(
                document,
                holds ? taken : lastGood.or(() -> fatal ? closed(document) : taken),
                problems)
            .with(wanted.note());
      }
    };
  }

  private static Optional<RuleInForce> closed(RuleDocument document) {
    return RuleKey.parse(document.path())
        .flatMap(RuleBook::standIn)
        .map(rule -> new RuleInForce(rule, document, true));
  }

  /** Somebody wanted it restricted: nobody may call, or nobody without an identity. */
  private static Optional<Rule> standIn(RuleKey key) {
    Origin origin = new Origin(key.path(), 0, "");
    return switch (key.kind()) {
      case ROUTE, UPSTREAM, LIMIT -> Optional.empty();
      case ACCESS -> Optional.of(AccessRule.standIn(key.scope(), origin));
      case MODE -> Optional.of(ModeRule.standIn(key.scope(), origin));
      case AUTHENTICATION -> Optional.of(AuthenticationRule.standIn(key.scope(), origin));
      case EXTERNAL_AUTHORIZATION ->
          Optional.of(ExternalAuthorizationRule.standIn(key.scope(), origin));
    };
  }

  private sealed interface Reading {}

  private record Good(Rule rule) implements Reading {}

  private record Bad(RuleProblem problem) implements Reading {}

  private static Reading read(RuleDocument document) {
    try {
      Rule rule = RuleParser.parse(document.path(), document.text());
      if (!rule.key().path().equals(document.path())) {
        return new Bad(
            new RuleProblem(
                rule.origin(),
                "the document is for "
                    + rule.key()
                    + ", so it belongs at "
                    + rule.key().path()
                    + "; write rules with hostmesh apply",
                Weight.FATAL));
      }
      return new Good(rule);
    } catch (HoconException e) {
      return new Bad(new RuleProblem(e.origin(), problemOf(e), Weight.FATAL));
    }
  }

  /** The message without its place, which the origin says. */
  private static String problemOf(HoconException e) {
    String message = String.valueOf(e.getMessage());
    String place = e.origin() + ": ";
    return message.startsWith(place) ? message.substring(place.length()) : message;
  }

  /** Every document of the registry, in the order of the keys. */
  public List<RuleState> states() {
    return List.copyOf(states.values());
  }

  /** The rules that hold, in the order of their keys. */
  public List<RuleInForce> inForce() {
    List<RuleInForce> inForce = new ArrayList<>();
    states.values().forEach(state -> state.inForce().ifPresent(inForce::add));
    return List.copyOf(inForce);
  }

  public Optional<RuleState> state(RuleKey key) {
    return Optional.ofNullable(states.get(key.path()));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof RuleBook that && states.equals(that.states);
  }

  @Override
  public int hashCode() {
    return states.hashCode();
  }
}
