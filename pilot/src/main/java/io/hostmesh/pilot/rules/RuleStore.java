package io.hostmesh.pilot.rules;

import io.hostmesh.model.rules.RuleKey;
import io.hostmesh.registry.Entry;
import io.hostmesh.registry.KeyValue;
import io.hostmesh.registry.RegistryException;
import io.hostmesh.runtime.UserError;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * The rules in the registry's KV, one key a rule: {@code hostmesh/rules/<kind>/<ns>/<service>}.
 * Writes only what is still as it was read, and all of a change or nothing of it. Blocks: for
 * virtual threads.
 */
public final class RuleStore {
  private static final System.Logger LOG = System.getLogger(RuleStore.class.getName());

  /** The rules' folder. */
  public static final String FOLDER = "hostmesh/rules/";

  private final KeyValue keys;

  public RuleStore(KeyValue keys) {
    this.keys = keys;
  }

  /**
   * A rule to be written, or to be deleted.
   *
   * @param text empty to delete
   */
  public record Change(RuleKey key, Optional<String> text) {}

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

  private record Done(RuleKey key, Optional<Entry> before) {}

  /**
   * Makes all changes or none.
   *
   * @return the keys whose text was not so already
   * @throws UserError where the registry is away, or somebody else changes the same rules
   */
  public List<RuleKey> change(List<Change> changes) {
    Deque<Done> done = new ArrayDeque<>();
    try {
      for (Change change : changes) {
        Optional<Entry> before = await(keys.get(path(change.key())));
        if (before.map(Entry::text).equals(change.text())) {
          continue;
        }
        if (!make(change, before)) {
          throw new UserError(
              change.key() + ": somebody else changed the rule just now; look, and apply again");
        }
        done.push(new Done(change.key(), before));
      }
      return done.stream().map(Done::key).sorted().toList();
    } catch (UserError e) {
      done.forEach(this::undo);
      throw e;
    }
  }

  private boolean make(Change change, Optional<Entry> before) {
    String path = path(change.key());
    long index = before.map(Entry::modifyIndex).orElse(KeyValue.ABSENT);
    return change.text().isPresent()
        ? await(keys.putIf(path, bytes(change.text().get()), index))
        : before.isEmpty() || await(keys.deleteIf(path, index));
  }

  private void undo(Done done) {
    String path = path(done.key());
    try {
      if (done.before().isPresent()) {
        await(keys.put(path, done.before().get().bytes()));
      } else {
        await(keys.delete(path));
      }
    } catch (UserError e) {
      LOG.log(
          System.Logger.Level.ERROR,
          done.key() + " was written and could not be taken back: " + e.getMessage());
    }
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

  private static String path(RuleKey key) {
    return FOLDER + key.path();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
