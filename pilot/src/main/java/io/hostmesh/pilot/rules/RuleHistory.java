package io.hostmesh.pilot.rules;

import io.hostmesh.model.rules.RuleKey;
import io.hostmesh.registry.Entry;
import io.hostmesh.runtime.UserError;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The rules as the registry has them at one moment, and the revisions that made them so. Immutable
 * and pure.
 */
public final class RuleHistory {
  /** The revisions' folder in the registry's KV. */
  public static final String FOLDER = "hostmesh/history/";

  /** The key that says which revision is the newest; it changes with each. */
  static final String NEWEST = FOLDER + "newest";

  /** How many revisions are kept. */
  public static final int KEPT = 100;

  private final SortedMap<String, Entry> rules;
  private final Optional<Entry> newest;
  private final NavigableMap<Long, Revision> revisions = new TreeMap<>();

  RuleHistory(SortedMap<String, Entry> rules, SortedMap<String, Entry> history) {
    this.rules = rules;
    this.newest = Optional.ofNullable(history.get(NEWEST));
    for (Map.Entry<String, Entry> each : history.entrySet()) {
      if (!each.getKey().equals(NEWEST)) {
        Revision.read(each.getValue().text())
            .ifPresent(revision -> revisions.put(revision.number(), revision));
      }
    }
  }

  static String path(long number) {
    return FOLDER + "%010d".formatted(number);
  }

  /** The number of the newest revision; 0 where there is none. */
  public long number() {
    return newest
        .map(Entry::text)
        .filter(text -> text.matches("[0-9]{1,18}"))
        .map(Long::parseLong)
        .orElse(0L);
  }

  /** The newest key's index in the registry, for a compare-and-set. */
  long index() {
    return newest.map(Entry::modifyIndex).orElse(0L);
  }

  /** Those that are kept, the newest first. */
  public List<Revision> revisions() {
    return List.copyOf(revisions.descendingMap().values());
  }

  /**
   * @throws UserError where it is not kept
   */
  public Revision revision(long number) {
    Revision found = revisions.get(number);
    if (found == null) {
      throw new UserError("there is no revision " + number + "; " + kept());
    }
    return found;
  }

  private String kept() {
    return revisions.isEmpty()
        ? "no change has been made yet"
        : "kept are " + revisions.firstKey() + " to " + revisions.lastKey();
  }

  Optional<Entry> entry(RuleKey key) {
    return Optional.ofNullable(rules.get(RuleStore.FOLDER + key.path()));
  }

  public Optional<String> text(RuleKey key) {
    return entry(key).map(Entry::text);
  }

  /**
   * The rules that were changed beside hostmesh since the newest revision: those that are not as
   * the last revision that touched them left them, and those written later than the newest one.
   */
  public SortedSet<RuleKey> beside() {
    NavigableSet<RuleKey> beside = new TreeSet<>();
    NavigableMap<RuleKey, Optional<String>> left = new TreeMap<>();
    for (Revision revision : revisions.values()) {
      revision.steps().forEach(step -> left.put(step.key(), step.after()));
    }
    left.forEach(
        (key, after) -> {
          if (!text(key).equals(after)) {
            beside.add(key);
          }
        });
    if (newest.isPresent()) {
      rules.forEach(
          (path, entry) ->
              RuleKey.parse(path.substring(RuleStore.FOLDER.length()))
                  .filter(key -> !left.containsKey(key) && entry.modifyIndex() > index())
                  .ifPresent(beside::add));
    }
    return beside;
  }

  /**
   * What the rules that changed after a revision were then.
   *
   * @param number 0 or more: the oldest kept less one is the state before all that is kept
   * @return an empty text where there was no such rule; only rules that are otherwise now
   * @throws UserError where the revision is not kept
   */
  public SortedMap<RuleKey, Optional<String>> at(long number) {
    if (revisions.isEmpty() || number < revisions.firstKey() - 1 || number > number()) {
      throw new UserError("revision " + number + " cannot be gone back to: " + kept());
    }
    NavigableMap<RuleKey, Optional<String>> then = new TreeMap<>();
    List<Revision> undone = new ArrayList<>(revisions.tailMap(number, false).values());
    if (undone.size() != number() - number) {
      throw new UserError(
          "a revision after "
              + number
              + " is missing in the registry under "
              + FOLDER
              + ", so it is not known what the rules were");
    }
    undone.sort(Comparator.comparingLong(Revision::number).reversed());
    for (Revision revision : undone) {
      revision.steps().forEach(step -> then.put(step.key(), step.before()));
    }
    then.entrySet().removeIf(each -> text(each.getKey()).equals(each.getValue()));
    return then;
  }
}
