package io.hostmesh.model.rules;

import java.util.List;

/** How a path is written anew. The query stays what it is. */
public sealed interface PathRewrite {
  /** All of it. */
  record Whole(String path) implements PathRewrite {
    @Override
    public String apply(String before, List<PathPattern> matched) {
      return path;
    }
  }

  /** What the entry's prefix matched; of a path that was matched as a whole, all of it. */
  record Prefix(String prefix) implements PathRewrite {
    @Override
    public String apply(String before, List<PathPattern> matched) {
      for (int i = 0; i < matched.size(); i++) {
        PathPattern pattern = matched.get(i);
        if (pattern.matches(before)) {
          String rest = before.substring(Math.min(pattern.literal().length(), before.length()));
          boolean twoSlashes = prefix.endsWith("/") && rest.startsWith("/");
          boolean noSlash = !prefix.endsWith("/") && pattern.literal().endsWith("/");
          return prefix + (twoSlashes ? rest.substring(1) : noSlash ? "/" + rest : rest);
        }
      }
      return before;
    }
  }

  /** All that an expression matches is replaced. */
  record Substitute(Regex regex, String substitution) implements PathRewrite {
    @Override
    public String apply(String before, List<PathPattern> matched) {
      String after = regex.replace(before, substitution);
      return after.startsWith("/") ? after : "/" + after;
    }
  }

  /**
   * @param before the request's path, as it is judged
   * @param matched the patterns of the entry that held it
   * @return begins with a slash; to be read by {@link NormalPath#made}
   */
  String apply(String before, List<PathPattern> matched);
}
