package io.hostmesh.citadel.bundle;

import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Who keeps which roots, by their own word when they follow the bundle. They are on disk there, so
 * what was said once stays true. Safe for any thread.
 */
public final class Holders {
  private final Map<String, Set<String>> roots = new ConcurrentHashMap<>();

  /**
   * @param who {@code node <name>} or {@code pilot <key>}
   * @param fingerprints of the roots that it keeps
   * @return whether that is news
   */
  public boolean heard(String who, Set<String> fingerprints) {
    return !fingerprints.equals(roots.put(who, Set.copyOf(fingerprints)));
  }

  /** Who will not come again under this name. */
  public void gone(String who) {
    roots.remove(who);
  }

  /** Who keeps a root. */
  public SortedSet<String> of(String fingerprint) {
    SortedSet<String> holders = new TreeSet<>();
    roots.forEach(
        (who, kept) -> {
          if (kept.contains(fingerprint)) {
            holders.add(who);
          }
        });
    return holders;
  }

  /** Everyone who was heard. */
  public SortedSet<String> all() {
    return new TreeSet<>(roots.keySet());
  }
}
