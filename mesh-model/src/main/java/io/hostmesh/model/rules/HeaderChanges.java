package io.hostmesh.model.rules;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Changes of headers, in this order: removed, set, added.
 *
 * @param set in place of whatever is there
 * @param add beside what is there
 */
public record HeaderChanges(
    SortedMap<String, String> set, SortedMap<String, String> add, List<String> remove) {
  public static final HeaderChanges NONE = new HeaderChanges(Map.of(), Map.of(), List.of());

  /** What frames and routes a message, or what only the mesh may say. */
  private static final Set<String> NOT_FOR_RULES =
      Set.of(
          "host",
          "connection",
          "content-length",
          "transfer-encoding",
          "te",
          "trailer",
          "upgrade",
          "keep-alive",
          "proxy-connection",
          "x-forwarded-client-cert");

  public HeaderChanges {
    set = Collections.unmodifiableSortedMap(new TreeMap<>(set));
    add = Collections.unmodifiableSortedMap(new TreeMap<>(add));
    remove = List.copyOf(remove);
  }

  /**
   * @param set by lower-case name
   * @param add by lower-case name
   * @param remove lower-case names
   */
  public HeaderChanges(Map<String, String> set, Map<String, String> add, List<String> remove) {
    this(new TreeMap<>(set), new TreeMap<>(add), remove);
  }

  public boolean isNone() {
    return set.isEmpty() && add.isEmpty() && remove.isEmpty();
  }

  /** Whether rules may not touch a header: it frames the message, or is the mesh's own word. */
  static boolean isOutOfReach(String lowerCaseName) {
    String name = lowerCaseName.replace('_', '-');
    return NOT_FOR_RULES.contains(name)
        || name.startsWith("hostmesh-")
        || name.startsWith("x-hostmesh-");
  }
}
