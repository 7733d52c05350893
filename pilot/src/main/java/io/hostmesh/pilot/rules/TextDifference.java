package io.hostmesh.pilot.rules;

import java.util.ArrayList;
import java.util.List;

/** The lines that differ between two texts, as {@code diff -u} marks them, with all context. */
public final class TextDifference {
  private TextDifference() {}

  /**
   * Each line of both texts, begun with {@code -} where only the old one has it, {@code +} where
   * only the new one has it, a space otherwise; empty where the texts are equal.
   */
  public static List<String> between(String before, String after) {
    if (before.equals(after)) {
      return List.of();
    }
    List<String> a = before.lines().toList();
    List<String> b = after.lines().toList();
    int[][] common = common(a, b);
    List<String> lines = new ArrayList<>();
    int i = 0;
    int j = 0;
    while (i < a.size() || j < b.size()) {
      if (i < a.size() && j < b.size() && a.get(i).equals(b.get(j))) {
        lines.add(" " + a.get(i));
        i++;
        j++;
      } else if (j >= b.size() || (i < a.size() && common[i + 1][j] >= common[i][j + 1])) {
        lines.add("-" + a.get(i++));
      } else {
        lines.add("+" + b.get(j++));
      }
    }
    return List.copyOf(lines);
  }

  /** How many lines the rests from each pair of places have in common. */
  private static int[][] common(List<String> a, List<String> b) {
    int[][] common = new int[a.size() + 1][b.size() + 1];
    for (int i = a.size() - 1; i >= 0; i--) {
      for (int j = b.size() - 1; j >= 0; j--) {
        common[i][j] =
            a.get(i).equals(b.get(j))
                ? 1 + common[i + 1][j + 1]
                : Math.max(common[i + 1][j], common[i][j + 1]);
      }
    }
    return common;
  }
}
