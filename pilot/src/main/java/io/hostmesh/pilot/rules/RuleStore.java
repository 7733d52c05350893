package io.hostmesh.pilot.rules;

import io.hostmesh.model.rules.RuleKey;
import io.hostmesh.registry.Entry;
import io.hostmesh.registry.KeyValue;
import io.hostmesh.registry.KeyValue.Write;
import io.hostmesh.registry.RegistryException;
import io.hostmesh.runtime.UserError;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * The rules in the registry's KV, one key a rule: {@code hostmesh/rules/<kind>/<ns>/<service>}, and
 * the revisions that made them so, which are written with them. Writes only what is still as it was
 * read, and all of a change or nothing of it. Blocks: for virtual threads.
 */
public final class RuleStore {
  private static final System.Logger LOG = System.getLogger(RuleStore.class.getName());

  /** The rules' folder. */
  public static final String FOLDER = "hostmesh/rules/";

  /** Another change may come between reading and writing; so many in a row say that none waits. */
  private static final int ATTEMPTS = 8;

  private final KeyValue keys;
  private final InstantSource clock;

  public RuleStore(KeyValue keys, InstantSource clock) {
    this.keys = keys;
    this.clock = clock;
  }

  /**
   * A rule to be written, or to be deleted.
   *
   * @param text empty to delete
   */
  public record Change(RuleKey key, Optional<String> text) {}

  /**
   * What the history says of a change.
   *
   * @param operator as the audit log says it
   * @param action for instance {@code apply}
   */
  public record Why(String operator, String action) {}

  /** The documents of the folder's entries. */
  public static List<RuleDocument> documents(SortedMap<String, Entry> entries) {
    List<RuleDocument> documents = new ArrayList<>();
    entries.forEach(
        (key, entry) -> {
          if (!key.endsWith("/")) { // Consul's UI makes such keys for folders.
            documents.add(
                new RuleDocument(
                    key.substring(FOLDER.length()), entry.text(), entry.modifyIndex()));
          }
        });
    return List.copyOf(documents);
  }

  /**
   * @throws UserError where the registry is away
   */
  public RuleHistory history() {
    return new RuleHistory(await(keys.list(FOLDER)), await(keys.list(RuleHistory.FOLDER)));
  }

  /**
   * Makes all changes or none.
   *
   * @return the keys whose text was not so already
   * @throws UserError where the registry is away, or somebody else changes the same rules
   */
  public List<RuleKey> change(List<Change> changes, Why why) {
    RuleHistory first = history();
    RuleHistory seen = first;
    for (int i = 0; i < ATTEMPTS; i++) {
      Optional<List<RuleKey>> done = attempt(changes, seen, why);
      if (done.isPresent()) {
        return done.get();
      }
      seen = history();
      for (Change change : changes) {
        if (!seen.entry(change.key()).equals(first.entry(change.key()))) {
          throw conflict(change.key().toString());
        }
      }
    }
    throw conflict("the rules");
  }

  /**
   * The same, but only where nothing at all has changed since it was looked at.
   *
   * @throws UserError where something has
   */
  public List<RuleKey> change(List<Change> changes, RuleHistory seen, Why why) {
    return attempt(changes, seen, why).orElseThrow(() -> conflict("the rules"));
  }

  private static UserError conflict(String what) {
    return new UserError(
        what
            + ": somebody else changed the rules just now, and nothing of this was done; look"
            + " (hostmesh history), and do it again");
  }

  /** Empty where somebody was faster; nothing is changed then. */
  private Optional<List<RuleKey>> attempt(List<Change> changes, RuleHistory seen, Why why) {
    List<Revision.Step> steps = new ArrayList<>();
    List<Write> writes = new ArrayList<>();
    for (Change change : changes) {
      Optional<Entry> before = seen.entry(change.key());
      if (before.map(Entry::text).equals(change.text())) {
        continue;
      }
      long index = before.map(Entry::modifyIndex).orElse(KeyValue.ABSENT);
      String path = FOLDER + change.key().path();
      writes.add(
          change
              .text()
              .map(text -> Write.put(path, text, index))
              .orElse(Write.delete(path, index)));
      steps.add(new Revision.Step(change.key(), before.map(Entry::text), change.text()));
    }
    if (steps.isEmpty()) {
      return Optional.of(List.of());
    }
    Revision revision =
        new Revision(seen.number() + 1, clock.instant(), why.operator(), why.action(), steps);
    return write(writes, revision, seen)
        ? Optional.of(steps.stream().map(Revision.Step::key).sorted().toList())
        : Optional.empty();
  }

  private boolean write(List<Write> rules, Revision revision, RuleHistory seen) {
    long number = revision.number();
    List<Write> history =
        List.of(
            new Write(RuleHistory.path(number), Optional.of(revision.text()), OptionalLong.empty()),
            Write.delete(RuleHistory.path(number - RuleHistory.KEPT)),
            Write.put(RuleHistory.NEWEST, Long.toString(number), seen.index()));
    long ofHistory = history.stream().mapToLong(RuleStore::size).sum();
    if (ofHistory > KeyValue.MOST_BYTES) {
      throw new UserError(
          "this changes "
              + revision.steps().size()
              + " rules at once, of which the registry would have to keep "
              + ofHistory / 1024
              + " KiB for hostmesh rollback, and it takes "
              + KeyValue.MOST_BYTES / 1024
              + " KiB; apply them in several parts");
    }
    List<List<Write>> parts = new ArrayList<>();
    List<Write> part = new ArrayList<>(history);
    long bytes = ofHistory;
    for (Write write : rules) {
      if (part.size() >= KeyValue.MOST_WRITES || bytes + size(write) > KeyValue.MOST_BYTES) {
        parts.add(part);
        part = new ArrayList<>();
        bytes = 0;
      }
      part.add(write);
      bytes += size(write);
    }
    parts.add(part);
    return commit(parts, seen);
  }

  /**
   * One transaction where all fits into it, which is seen at once or not at all. More rules than
   * that are seen in parts; the last part is the one with the revision, and where any part is
   * refused, those before it are taken back.
   */
  private boolean commit(List<List<Write>> parts, RuleHistory seen) {
    List<Write> done = new ArrayList<>();
    try {
      for (List<Write> part : parts.reversed()) {
        if (!await(keys.commit(part))) {
          takeBack(done, seen);
          return false;
        }
        done.addAll(part);
      }
      return true;
    } catch (UserError e) {
      takeBack(done, seen);
      throw e;
    }
  }

  private void takeBack(List<Write> done, RuleHistory seen) {
    for (Write write : done) {
      try {
        Optional<Entry> before =
            RuleKey.parse(write.key().substring(FOLDER.length())).flatMap(seen::entry);
        if (before.isPresent()) {
          await(keys.put(write.key(), before.get().bytes()));
        } else {
          await(keys.delete(write.key()));
        }
      } catch (UserError e) {
        LOG.log(
            System.Logger.Level.ERROR,
            write.key() + " was written and could not be taken back: " + e.getMessage());
      }
    }
  }

  private static long size(Write write) {
    return 100L // Its place in the request's JSON.
        + write.key().length()
        + write.text().map(text -> text.getBytes(StandardCharsets.UTF_8).length).orElse(0);
  }

  private static <T> T await(CompletableFuture<T> future) {
    try {
      return future.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RegistryException away) {
        throw new UserError(away.getMessage() + "; no rule was changed", away);
      }
      throw e;
    }
  }
}
