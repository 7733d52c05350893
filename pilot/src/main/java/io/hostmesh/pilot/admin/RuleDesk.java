package io.hostmesh.pilot.admin;

import io.hostmesh.model.rules.RuleKey;
import io.hostmesh.pilot.discovery.AgentBook;
import io.hostmesh.pilot.rules.Revision;
import io.hostmesh.pilot.rules.RuleDocument;
import io.hostmesh.pilot.rules.RuleGate;
import io.hostmesh.pilot.rules.RuleHistory;
import io.hostmesh.pilot.rules.RuleInForce;
import io.hostmesh.pilot.rules.RuleProblem;
import io.hostmesh.pilot.rules.RuleProposal;
import io.hostmesh.pilot.rules.RuleState;
import io.hostmesh.pilot.rules.RuleStore;
import io.hostmesh.pilot.rules.TextDifference;
import io.hostmesh.pilot.snapshot.MeshState;
import io.hostmesh.pilot.snapshot.Published;
import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.admin.AuditNote;
import io.hostmesh.runtime.identity.RuleSeals;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.stream.Collectors;

/** What operators do with rules. Blocks while it waits: for virtual threads. */
final class RuleDesk {
  /** How long a change may take from the registry into the snapshot. */
  private static final Duration INTO_SNAPSHOT = Duration.ofSeconds(10);

  /** How long agents may take to say that they have it, before the answer names them. */
  private static final Duration INTO_AGENTS = Duration.ofSeconds(3);

  private static final long LOOK_MS = 10;

  private final MeshState mesh;
  private final RuleStore store;
  private final RuleGate gate;
  private final AgentBook agents;

  RuleDesk(MeshState mesh, RuleStore store, RuleGate gate, AgentBook agents) {
    this.mesh = mesh;
    this.store = store;
    this.gate = gate;
    this.agents = agents;
  }

  /** Judges rules and, unless it is a dry run, makes them hold. */
  JsonObject apply(List<RuleProposal.File> files, boolean dryRun, String operator, AuditNote note) {
    RuleProposal proposal = judged(files, Set.of());
    proposal.texts().forEach((key, text) -> gate.check(key.path(), text));
    List<RuleKey> keys = proposal.texts().keySet().stream().sorted().toList();
    note.object(joined(keys, RuleKey::toString)).before(joined(keys, this::revision));
    List<RuleKey> changed =
        dryRun
            ? differing(proposal)
            : store.change(proposal.changes(), new RuleStore.Why(operator, "apply"));
    JsonObject answer = new JsonObject().put("dry-run", dryRun).put("warnings", notes(proposal));
    if (!dryRun) {
      proposal.texts().forEach(this::awaitRule);
      note.after(joined(keys, this::revision));
      awaitAgents(answer);
    } else {
      note.after("not changed: a dry run");
    }
    return answer.put("rules", listed(proposal, changed, dryRun));
  }

  private RuleProposal judged(List<RuleProposal.File> files, Set<RuleKey> gone) {
    Published now = published();
    return RuleProposal.judge(
        files, gone, now.known(), now.rules().inForce().stream().map(RuleInForce::rule).toList());
  }

  private JsonArray listed(RuleProposal proposal, List<RuleKey> changed, boolean dryRun) {
    JsonArray rules = new JsonArray();
    proposal.texts().keySet().stream()
        .sorted()
        .forEach(
            key -> {
              JsonObject rule = key(key).put("changed", changed.contains(key));
              if (!dryRun) {
                stored(key).ifPresent(it -> rule.put("revision", it.document().revision()));
              }
              rules.add(rule);
            });
    return rules;
  }

  private List<RuleKey> differing(RuleProposal proposal) {
    return proposal.texts().entrySet().stream()
        .filter(entry -> !textOf(entry.getKey()).equals(Optional.of(entry.getValue())))
        .map(Map.Entry::getKey)
        .toList();
  }

  /** What applying these would change, line by line. */
  JsonObject difference(List<RuleProposal.File> files) {
    RuleProposal proposal = judged(files, Set.of());
    JsonArray rules = new JsonArray();
    proposal.texts().entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .forEach(
            entry -> {
              Optional<String> before = textOf(entry.getKey());
              JsonArray lines = lines(before, Optional.of(entry.getValue()));
              rules.add(
                  key(entry.getKey())
                      .put("new", before.isEmpty())
                      .put("changed", !lines.isEmpty())
                      .put("lines", lines));
            });
    return new JsonObject().put("rules", rules);
  }

  private static JsonArray notes(RuleProposal proposal) {
    JsonArray notes = new JsonArray();
    proposal.notes().stream().map(RuleProblem::toString).forEach(notes::add);
    return notes;
  }

  private static JsonArray lines(Optional<String> before, Optional<String> after) {
    JsonArray lines = new JsonArray();
    TextDifference.between(before.orElse(""), after.orElse("")).forEach(lines::add);
    return lines;
  }

  /**
   * Deletes a rule, and waits until it holds nowhere.
   *
   * @param tombstone an operator's signed word that it is to be no more, which is kept instead
   */
  JsonObject delete(RuleKey key, Optional<String> tombstone, String operator, AuditNote note) {
    note.object(key.toString()).before(revision(key)).after("none");
    gate.check(key.path(), tombstone.orElse(""));
    JsonArray notes = notes(judged(List.of(), Set.of(key)));
    if ((tombstone.isPresent() && stored(key).isEmpty())
        || store
            .change(
                List.of(new RuleStore.Change(key, tombstone)),
                new RuleStore.Why(operator, "delete"))
            .isEmpty()) {
      throw new UserError("there is no rule " + key + "; see hostmesh get");
    }
    awaitGone(key);
    JsonObject answer = key(key).put("deleted", true).put("warnings", notes);
    awaitAgents(answer);
    return answer;
  }

  /**
   * The rules of the registry and what became of them.
   *
   * @param kind empty for all, or the name of a kind
   */
  JsonObject list(Optional<String> kind, Optional<String> service) {
    JsonArray rules = new JsonArray();
    published().rules().states().stream()
        .filter(state -> matches(state, kind, service))
        .map(RuleDesk::describe)
        .forEach(rules::add);
    return new JsonObject().put("rules", rules);
  }

  private static boolean matches(RuleState state, Optional<String> kind, Optional<String> service) {
    Optional<RuleKey> key = RuleKey.parse(state.document().path());
    return kind.map(k -> key.filter(it -> it.kind().text().equals(k)).isPresent()).orElse(true)
        && service
            .map(
                s ->
                    key.filter(it -> it.scope().toString().equals(s) || it.scope().path().equals(s))
                        .isPresent())
            .orElse(true);
  }

  private static JsonObject describe(RuleState state) {
    RuleDocument document = state.document();
    JsonObject rule =
        RuleKey.parse(document.path())
            .map(RuleDesk::key)
            .orElseGet(() -> new JsonObject().put("path", document.path()));
    JsonArray problems = new JsonArray();
    state.problems().stream().map(RuleProblem::toString).forEach(problems::add);
    rule.put("text", document.text())
        .put("signed", RuleSeals.isSealed(document.text()))
        .put("revision", document.revision())
        .put("state", stateOf(state))
        .put("problems", problems);
    state
        .inForce()
        .filter(inForce -> !inForce.standIn())
        .ifPresent(inForce -> rule.put("revision-in-force", inForce.document().revision()));
    return rule;
  }

  private static String stateOf(RuleState state) {
    if (state.isCurrent()) {
      return "in-force";
    }
    return state
        .inForce()
        .map(inForce -> inForce.standIn() ? "refused-closed" : "refused-last-good-stays")
        .orElse("refused");
  }

  /** What was changed, the newest first; only of one rule where one is given. */
  JsonObject history(Optional<RuleKey> rule) {
    RuleHistory history = store.history();
    JsonArray revisions = new JsonArray();
    history.revisions().stream()
        .filter(it -> rule.isEmpty() || it.steps().stream().anyMatch(s -> isOf(s.key(), rule)))
        .map(RuleDesk::heading)
        .forEach(revisions::add);
    return new JsonObject().put("revisions", revisions).put("beside", beside(history, rule));
  }

  /** One revision, with the lines that it changed. */
  JsonObject revision(long number) {
    Revision revision = store.history().revision(number);
    JsonArray rules = new JsonArray();
    revision.steps().forEach(step -> rules.add(described(step)));
    return heading(revision).put("rules", rules);
  }

  private static JsonObject heading(Revision revision) {
    JsonArray changes = new JsonArray();
    revision.steps().forEach(step -> changes.add(heading(step)));
    return new JsonObject()
        .put("revision", revision.number())
        .put("time", revision.time().toString())
        .put("operator", revision.operator())
        .put("action", revision.action())
        .put("changes", changes);
  }

  private static JsonObject heading(Revision.Step step) {
    return key(step.key()).put("change", step.sign());
  }

  private static JsonObject described(Revision.Step step) {
    return heading(step).put("lines", lines(step.before(), step.after()));
  }

  private static JsonArray beside(RuleHistory history, Optional<RuleKey> rule) {
    JsonArray beside = new JsonArray();
    history.beside().stream()
        .filter(key -> isOf(key, rule))
        .map(RuleDesk::key)
        .forEach(beside::add);
    return beside;
  }

  private static boolean isOf(RuleKey key, Optional<RuleKey> rule) {
    return rule.map(key::equals).orElse(true);
  }

  /**
   * Makes the rules what they were after a revision: as a change of its own, all or nothing of it.
   *
   * @param to the revision; empty to undo the newest
   * @param rule only this one
   * @param force also over what was changed beside hostmesh
   */
  record Rollback(OptionalLong to, Optional<RuleKey> rule, boolean force, boolean dryRun) {}

  JsonObject rollback(Rollback wish, String operator, AuditNote note) {
    RuleHistory history = store.history();
    long to = wish.to().orElse(history.number() - 1);
    NavigableMap<RuleKey, Optional<String>> then = new TreeMap<>(history.at(to));
    then.keySet().removeIf(key -> !isOf(key, wish.rule()));
    List<RuleKey> keys = List.copyOf(then.keySet());
    note.object("rollback to " + to + ": " + joined(keys, RuleKey::toString))
        .before(joined(keys, this::revision));
    JsonArray beside = new JsonArray();
    history.beside().stream().filter(then::containsKey).map(RuleKey::toString).forEach(beside::add);
    if (!beside.isEmpty() && !wish.force() && !wish.dryRun()) {
      throw new UserError(
          "changed beside hostmesh since: "
              + beside.stream().map(String::valueOf).collect(Collectors.joining(", "))
              + "; look with --dry-run, and overwrite it with --force");
    }
    JsonArray notes = judge(then);
    JsonArray rules = new JsonArray();
    then.forEach(
        (key, text) -> rules.add(described(new Revision.Step(key, history.text(key), text))));
    JsonObject answer =
        new JsonObject()
            .put("to", to)
            .put("dry-run", wish.dryRun())
            .put("warnings", notes)
            .put("beside", beside)
            .put("rules", rules);
    if (wish.dryRun()) {
      note.after("not changed: a dry run");
      return answer;
    }
    store.change(
        then.entrySet().stream().map(e -> new RuleStore.Change(e.getKey(), e.getValue())).toList(),
        history,
        new RuleStore.Why(operator, "rollback to " + to));
    then.forEach(
        (key, text) -> text.ifPresentOrElse(it -> awaitRule(key, it), () -> awaitGone(key)));
    note.after(joined(keys, this::revision));
    awaitAgents(answer);
    return answer;
  }

  /** What is worth saying of rules that come back, and of those that lose what they name. */
  private JsonArray judge(SortedMap<RuleKey, Optional<String>> then) {
    List<RuleProposal.File> files =
        then.entrySet().stream()
            .flatMap(
                each ->
                    each.getValue().stream()
                        .map(text -> new RuleProposal.File(each.getKey().path(), text)))
            .toList();
    Set<RuleKey> gone =
        then.entrySet().stream()
            .filter(each -> each.getValue().isEmpty())
            .map(Map.Entry::getKey)
            .collect(Collectors.toSet());
    JsonArray notes = then.isEmpty() ? new JsonArray() : notes(judged(files, gone));
    try {
      then.forEach((key, text) -> gate.check(key.path(), text.orElse("")));
    } catch (UserError e) {
      throw new UserError(
          e.getMessage()
              + "; with rules.signed no earlier rule comes back by its old signature: apply its text"
              + " (hostmesh history N) with hostmesh apply --sign, or hostmesh delete --sign",
          e);
    }
    return notes;
  }

  private void awaitGone(RuleKey key) {
    boolean _ = await(INTO_SNAPSHOT, () -> stored(key).isEmpty());
  }

  private void awaitRule(RuleKey key, String text) {
    boolean holds =
        await(
            INTO_SNAPSHOT,
            () ->
                stored(key)
                    .filter(state -> state.document().text().equals(text) && state.isCurrent())
                    .isPresent());
    if (!holds) {
      throw new UserError(
          "the rule "
              + key
              + " was written, but is not in force after "
              + INTO_SNAPSHOT.toSeconds()
              + " s; see hostmesh get and hostmesh status");
    }
  }

  private void awaitAgents(JsonObject answer) {
    String snapshot = published().snapshot().version();
    await(INTO_AGENTS, () -> agents.behind(snapshot).isEmpty() || !isNewest(snapshot));
    JsonArray waiting = new JsonArray();
    if (isNewest(snapshot)) {
      agents.behind(snapshot).forEach(waiting::add);
    }
    answer
        .put("snapshot", snapshot)
        .put("agents", agents.connected())
        .put("agents-waiting", waiting);
  }

  private boolean isNewest(String snapshot) {
    return published().snapshot().version().equals(snapshot);
  }

  private static boolean await(Duration limit, BooleanSupplier condition) {
    long end = System.nanoTime() + limit.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - end > 0) {
        return false;
      }
      try {
        Thread.sleep(LOOK_MS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return false;
      }
    }
    return true;
  }

  private Published published() {
    return mesh.published()
        .orElseThrow(
            () ->
                new UserError(
                    "pilot has not heard all of the registry yet, so it cannot judge rules;"
                        + " see hostmesh status"));
  }

  private Optional<RuleState> stored(RuleKey key) {
    return published().rules().state(key);
  }

  /** For the audit log: the modify index in the registry, or "none". */
  private String revision(RuleKey key) {
    return stored(key).map(state -> String.valueOf(state.document().revision())).orElse("none");
  }

  private static String joined(List<RuleKey> keys, Function<RuleKey, String> text) {
    return keys.stream().map(text).collect(Collectors.joining(", "));
  }

  private Optional<String> textOf(RuleKey key) {
    return stored(key).map(state -> state.document().text());
  }

  private static JsonObject key(RuleKey key) {
    return new JsonObject().put("kind", key.kind().text()).put("service", key.scope().toString());
  }
}
