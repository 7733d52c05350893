package io.hostmesh.model.routing;

import io.hostmesh.model.rules.CallerPattern;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One request, as rules ask about it. What is asked for late costs nothing where nobody asks. */
public interface RequestFacts {
  /**
   * The path without the query, in normal form where a rule {@linkplain RequestMatcher#readsPath
   * asks for it}.
   */
  String path();

  /** As it came: methods are case-sensitive (RFC 9110 section 9.1). */
  String method();

  /** The authority that it names, with or without a port; null where it names none. */
  @Nullable String host();

  /** All values of a header; empty where it is not there. */
  List<String> headerValues(String lowerCaseName);

  /** All values of a query parameter, as {@link Query} reads them; empty where it is not there. */
  List<String> queryValues(String name);

  /** Whether whoever sends it is one of those that the pattern means. */
  boolean isFrom(CallerPattern pattern);

  /** A value of the calling service's metadata, or null. */
  @Nullable String sourceMeta(String key);
}
