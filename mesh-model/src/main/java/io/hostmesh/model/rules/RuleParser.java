package io.hostmesh.model.rules;

import io.hostmesh.model.ServiceName;
import io.hostmesh.model.hocon.HoconException;
import io.hostmesh.model.hocon.Section;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Makes a rule of a document. What can be judged by the document alone is judged here; whether the
 * services it names exist is for those who know the catalog.
 */
public final class RuleParser {
  private RuleParser() {}

  /**
   * @param file the name for messages
   * @throws HoconException where the document is not one well-formed rule
   */
  public static Rule parse(String file, String text) {
    Section document = Section.parse(file, text);
    RuleKind kind = document.value("kind", RuleKind::parse);
    Scope scope = scope(document);
    Rule rule =
        switch (kind) {
          case ROUTE -> RouteParser.route(document, oneService(document, scope));
          case ACCESS -> AccessParser.access(document, scope);
          case MODE -> mode(document, scope);
          case AUTHENTICATION -> EndUserParser.authentication(document, scope);
          case EXTERNAL_AUTHORIZATION -> EndUserParser.external(document, scope);
          case UPSTREAM -> UpstreamParser.upstream(document, scope);
          case LIMIT -> LimitParser.limit(document, scope);
        };
    document.end();
    return rule;
  }

  /** {@code service = "*"} is every service of the namespace, which has to be named then. */
  private static Scope scope(Section document) {
    String namespace = document.string("namespace", "");
    Scope scope =
        document.value(
            "service",
            text -> {
              if (text.contains("/")) {
                return Scope.parse(text);
              }
              if (text.equals(Scope.ALL) && namespace.isEmpty()) {
                throw new IllegalArgumentException(
                    "\"*\" is every service of a namespace: say which with namespace = ..., or"
                        + " namespace = \"*\" for the whole mesh");
              }
              return Scope.of(
                  namespace.isEmpty() ? ServiceName.DEFAULT_NAMESPACE : namespace, text);
            });
    return scope;
  }

  private static ServiceName oneService(Section document, Scope scope) {
    return scope
        .service()
        .orElseThrow(() -> document.refuse("service", "a route is for one service, not for all"));
  }

  private static ModeRule mode(Section document, Scope scope) {
    Optional<MeshMode> mode =
        document.has("mode")
            ? Optional.of(document.choice("mode", MeshMode.class, MeshMode.STRICT))
            : Optional.empty();
    Map<Integer, MeshMode> ports = new TreeMap<>();
    Section byPort = document.section("ports");
    for (String port : byPort.keys()) {
      ports.put(port(byPort, port), byPort.choice(port, MeshMode.class, MeshMode.STRICT));
    }
    if (mode.isEmpty() && ports.isEmpty()) {
      throw document.refuse("mode", "is required: strict, permissive or disabled");
    }
    return new ModeRule(scope, mode, ports, document.origin());
  }

  private static int port(Section section, String key) {
    try {
      int port = Integer.parseInt(key);
      if (port >= 1 && port <= 65535) {
        return port;
      }
    } catch (NumberFormatException e) {
      throw new HoconException(section.origin(key), "\"" + key + "\" is not a port", e);
    }
    throw section.refuse(key, key + " is not within 1 to 65535");
  }
}
