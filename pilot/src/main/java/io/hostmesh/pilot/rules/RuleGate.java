package io.hostmesh.pilot.rules;

import io.hostmesh.model.hocon.Origin;
import io.hostmesh.pilot.rules.RuleProblem.Weight;
import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.identity.RuleSeals;
import io.hostmesh.runtime.state.StateFiles;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.security.cert.CertificateException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * Whose rules count. Where rules must be signed, a document of the registry is taken only with an
 * operator's seal and a version above the highest that this pilot has seen; otherwise the last one
 * that was good stays, and the problem is told. What was taken is on disk before it holds, so that
 * a restart forgets nothing. Safe for any thread.
 */
public final class RuleGate {
  private static final System.Logger LOG = System.getLogger(RuleGate.class.getName());
  private static final String FILE = "signed-rules.json";

  /** Judges a seal, except for its version. */
  @FunctionalInterface
  public interface Verifier {
    RuleSeals.Verified verify(String path, String document) throws CertificateException;
  }

  private record Held(RuleDocument document, long version, boolean deleted) {}

  /**
   * What the registry's documents come to.
   *
   * @param documents those to judge as rules
   * @param alarms by path; {@link Weight#FATAL} where the document is not signed and none stands in
   *     for it
   */
  public record Gated(List<RuleDocument> documents, Map<String, RuleProblem> alarms) {
    public Gated {
      documents = List.copyOf(documents);
      alarms = Map.copyOf(alarms);
    }
  }

  private final Optional<StateFiles> files;
  private final Supplier<Optional<Verifier>> verifier;
  private final SortedMap<String, Held> held = new TreeMap<>();

  private RuleGate(Optional<StateFiles> files, Supplier<Optional<Verifier>> verifier) {
    this.files = files;
    this.verifier = verifier;
  }

  /** Whoever can write to the registry makes rules. */
  public static RuleGate open() {
    return new RuleGate(Optional.empty(), Optional::empty);
  }

  /**
   * Operators' signatures make rules.
   *
   * @param files where the accepted ones are kept
   * @param verifier empty while there are no roots to judge by
   * @throws UserError where the file of an earlier run cannot be used
   */
  public static RuleGate signed(StateFiles files, Supplier<Optional<Verifier>> verifier) {
    RuleGate gate = new RuleGate(Optional.of(files), verifier);
    try {
      files.read(FILE).ifPresent(gate::read);
    } catch (IOException | DecodeException | ClassCastException | NullPointerException e) {
      throw new UserError(
          files.path(FILE)
              + ": cannot be used ("
              + e.getMessage()
              + "); without it old rules could come back. Restore it, or remove it after a look at"
              + " the rules in the registry",
          e);
    }
    return gate;
  }

  private void read(byte[] bytes) {
    Buffer.buffer(bytes)
        .toJsonObject()
        .forEach(
            entry -> {
              JsonObject json = (JsonObject) entry.getValue();
              held.put(
                  entry.getKey(),
                  new Held(
                      new RuleDocument(
                          entry.getKey(), json.getString("text"), json.getLong("revision")),
                      json.getLong("version"),
                      json.getBoolean("deleted")));
            });
  }

  /** Whether rules must be signed. */
  public boolean isSigned() {
    return files.isPresent();
  }

  /**
   * Judges all documents of the registry.
   *
   * @return empty while there is nothing to judge signatures by
   */
  public synchronized Optional<Gated> judge(Collection<RuleDocument> stored) {
    if (!isSigned()) {
      return Optional.of(
          new Gated(stored.stream().filter(d -> !isTombstone(d)).toList(), Map.of()));
    }
    return verifier.get().map(judge -> judge(stored, judge));
  }

  private Gated judge(Collection<RuleDocument> stored, Verifier judge) {
    List<RuleDocument> documents = new ArrayList<>();
    SortedMap<String, RuleProblem> alarms = new TreeMap<>();
    Set<String> seen = new HashSet<>();
    boolean news = false;
    for (RuleDocument document : stored) {
      String path = document.path();
      seen.add(path);
      Optional<String> refusal = Optional.empty();
      try {
        news |= take(document, judge);
      } catch (CertificateException e) {
        refusal = Optional.of(String.valueOf(e.getMessage()));
      }
      Held now = held.get(path);
      if (now != null && !now.deleted()) {
        documents.add(now.document());
        refusal.ifPresent(
            why ->
                alarms.put(
                    path,
                    alarm(path, why + "; the signed version " + now.version() + " stays", true)));
      } else if (refusal.isPresent()) {
        documents.add(document);
        alarms.put(path, alarm(path, refusal.get(), false));
      }
    }
    held.forEach(
        (path, rule) -> {
          if (!rule.deleted() && !seen.contains(path)) {
            documents.add(rule.document());
            alarms.put(
                path,
                alarm(
                    path,
                    "it was deleted in the registry without an operator's signature; the signed"
                        + " version "
                        + rule.version()
                        + " stays. Delete it with hostmesh delete --sign, or apply it again",
                    true));
          }
        });
    if (news) {
      write();
    }
    return new Gated(documents, alarms);
  }

  private static RuleProblem alarm(String path, String why, boolean held) {
    return new RuleProblem(new Origin(path, 0, ""), why, held ? Weight.NOTE : Weight.FATAL);
  }

  /** Whether it is new and good; what is held already need not be judged again. */
  private boolean take(RuleDocument document, Verifier judge) throws CertificateException {
    Held before = held.get(document.path());
    if (before != null && before.document().text().equals(document.text())) {
      if (before.document().equals(document)) {
        return false;
      }
      held.put(document.path(), new Held(document, before.version(), before.deleted()));
      return true;
    }
    RuleSeals.Verified verified = judge.verify(document.path(), document.text());
    if (before != null && verified.version() <= before.version()) {
      throw new CertificateException(
          "it was rolled back from the signed version "
              + before.version()
              + " to "
              + verified.version());
    }
    held.put(document.path(), new Held(document, verified.version(), verified.deleted()));
    return true;
  }

  private void write() {
    JsonObject json = new JsonObject();
    held.forEach(
        (path, rule) ->
            json.put(
                path,
                new JsonObject()
                    .put("text", rule.document().text())
                    .put("revision", rule.document().revision())
                    .put("version", rule.version())
                    .put("deleted", rule.deleted())));
    StateFiles state = files.orElseThrow();
    try {
      state.write(FILE, json.toBuffer().getBytes());
    } catch (IOException e) {
      LOG.log(
          System.Logger.Level.ERROR,
          state.path(FILE) + " cannot be written; after a restart old rules could come back",
          e);
    }
  }

  /**
   * Judges what an operator wants to write, before it is written.
   *
   * @throws UserError where the rule would not be taken
   */
  public synchronized void check(String path, String document) {
    if (!isSigned()) {
      return;
    }
    try {
      RuleSeals.Verified verified =
          verifier
              .get()
              .orElseThrow(() -> new UserError("pilot has no roots yet to judge signatures by"))
              .verify(path, document);
      Held before = held.get(path);
      if (before != null
          && verified.version() <= before.version()
          && !before.document().text().equals(document)) {
        throw new CertificateException(
            "its version "
                + verified.version()
                + " is not above "
                + before.version()
                + ", which holds; is the signer's clock behind?");
      }
    } catch (CertificateException e) {
      throw new UserError("rules.signed: the rule " + path + ": " + e.getMessage(), e);
    }
  }

  private static boolean isTombstone(RuleDocument document) {
    try {
      return RuleSeals.isSealed(document.text()) && RuleSeals.claimed(document.text()).getDeleted();
    } catch (CertificateException e) {
      return false;
    }
  }
}
