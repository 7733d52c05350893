package io.hostmesh.model.routing;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The parameters of a request's query, as rules ask for them. Applications read queries in
 * different ways, and a rule is not to be gone around by one of them: a semicolon is read as part
 * of a value (WHATWG URL section 5.1) and as a border of parameters (HTML 4.01 appendix B.2.2), and
 * what cannot be decoded is there as it was written. Immutable.
 */
public final class Query {
  private static final Query NONE = new Query(Map.of());

  private final Map<String, List<String>> values;

  private Query(Map<String, List<String>> values) {
    this.values = values;
  }

  /**
   * @param target of a request, with or without a query
   */
  public static Query of(String target) {
    int begin = target.indexOf('?');
    if (begin < 0) {
      return NONE;
    }
    Map<String, List<String>> values = new HashMap<>();
    for (String pair : target.substring(begin + 1).split("&", -1)) {
      add(pair, values);
      if (pair.indexOf(';') >= 0) {
        for (String part : pair.split(";", -1)) {
          add(part, values);
        }
      }
    }
    return new Query(values);
  }

  private static void add(String pair, Map<String, List<String>> values) {
    if (pair.isEmpty()) {
      return;
    }
    int equals = pair.indexOf('=');
    String name = decoded(equals < 0 ? pair : pair.substring(0, equals));
    String value = equals < 0 ? "" : decoded(pair.substring(equals + 1));
    values.computeIfAbsent(name, _ -> new ArrayList<>(1)).add(value);
  }

  private static String decoded(String text) {
    try {
      return URLDecoder.decode(text, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException _) {
      return text;
    }
  }

  /** All values of a parameter, decoded, in their order; empty where it is not there. */
  public List<String> values(String name) {
    return values.getOrDefault(name, List.of());
  }
}
