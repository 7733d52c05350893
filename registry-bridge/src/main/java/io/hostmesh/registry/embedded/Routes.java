package io.hostmesh.registry.embedded;

import com.fasterxml.jackson.databind.node.ArrayNode;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/** Which handler serves a path: an exact one, else the one of the longest prefix. */
final class Routes {
  /**
   * @param rest what follows the prefix, decoded
   */
  record Match(Map<String, Handler> byMethod, String rest) {}

  private final Map<String, Map<String, Handler>> exact = new HashMap<>();
  private final NavigableMap<String, Map<String, Handler>> prefixes = new TreeMap<>();

  void at(String method, String path, Handler handler) {
    exact.computeIfAbsent(path, _ -> new HashMap<>()).put(method, handler);
  }

  /**
   * @param prefix ends with a slash
   */
  void under(String method, String prefix, Handler handler) {
    prefixes.computeIfAbsent(prefix, _ -> new HashMap<>()).put(method, handler);
  }

  /**
   * @param path as it stands in the request line
   */
  Match match(String path) {
    Map<String, Handler> found = exact.get(path);
    if (found != null) {
      return new Match(found, "");
    }
    return prefixes.descendingMap().entrySet().stream()
        .filter(entry -> path.startsWith(entry.getKey()))
        .findFirst()
        .map(entry -> new Match(entry.getValue(), decode(path.substring(entry.getKey().length()))))
        .orElseThrow(
            () ->
                Refusal.notFound(
                    "Invalid URL path: not a recognized HTTP API endpoint of this embedded registry"));
  }

  private static String decode(String text) {
    try {
      return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw Refusal.badRequest("Invalid URL path: " + e.getMessage());
    }
  }

  /** A list, or of it what the request's filter keeps. */
  static Answer filtered(Call call, ArrayNode all) {
    return Answer.json(
        call.parameter("filter").map(Filter::parse).map(filter -> filter.apply(all)).orElse(all));
  }
}
