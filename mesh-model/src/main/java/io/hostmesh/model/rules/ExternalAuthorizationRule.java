package io.hostmesh.model.rules;

import io.hostmesh.model.ServiceName;
import io.hostmesh.model.hocon.Origin;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/**
 * Who is asked, beside the access rules, whether a request may pass: an authoriser that speaks
 * Envoy's {@code envoy.service.auth.v3.Authorization}. All rules that hold a request are asked, the
 * narrowest scope's first, and all have to agree.
 *
 * @param methods upper-case; empty for all
 * @param paths empty for all
 * @param timeout after which it counts as failed
 * @param allowOnFailure what becomes of a request where the authoriser cannot say
 * @param headers lower-case names of those that it is told; empty for all
 */
public record ExternalAuthorizationRule(
    Scope scope,
    Authoriser authoriser,
    Set<String> methods,
    List<PathPattern> paths,
    Duration timeout,
    boolean allowOnFailure,
    Set<String> headers,
    Origin origin)
    implements Rule {
  public static final Duration TIMEOUT = Duration.ofMillis(200);

  public ExternalAuthorizationRule {
    methods = Set.copyOf(methods);
    paths = List.copyOf(paths);
    headers = Set.copyOf(headers);
  }

  /** What holds in place of a document that cannot be read: nobody says yes. */
  public static ExternalAuthorizationRule standIn(Scope scope, Origin origin) {
    return new ExternalAuthorizationRule(
        scope, new Authoriser.Nobody(), Set.of(), List.of(), TIMEOUT, false, Set.of(), origin);
  }

  /** Where it is. */
  public sealed interface Authoriser {
    /**
     * In plaintext: on the same host, or in a network of one's own.
     *
     * @param host an IP address
     */
    record Address(String host, int port) implements Authoriser {
      /**
       * Reads {@code IP:port}.
       *
       * @throws IllegalArgumentException where it is something else
       */
      public static Address parse(String text) {
        int colon = text.lastIndexOf(':');
        String host = text.substring(0, Math.max(colon, 0));
        boolean bracketed = host.startsWith("[") && host.endsWith("]");
        try {
          int port = Integer.parseInt(text.substring(colon + 1));
          String address =
              InetAddress.ofLiteral(bracketed ? host.substring(1, host.length() - 1) : host)
                  .getHostAddress();
          if (port >= 1 && port <= 65_535) {
            return new Address(address, port);
          }
        } catch (IllegalArgumentException e) {
          throw new IllegalArgumentException(
              "\""
                  + text
                  + "\" is not IP:port; a service of the mesh is named with authoriser = SERVICE",
              e);
        }
        throw new IllegalArgumentException("\"" + text + "\": ports are within 1 to 65535");
      }

      @Override
      public String toString() {
        return host.contains(":") ? "[" + host + "]:" + port : host + ":" + port;
      }
    }

    /** Through the mesh, called as the service that the request is for. */
    record Service(ServiceName name) implements Authoriser {
      @Override
      public String toString() {
        return name.toString();
      }
    }

    /** Nobody: all is denied, since the rule cannot be read. */
    record Nobody() implements Authoriser {
      @Override
      public String toString() {
        return "nobody";
      }
    }
  }

  /** Whether it is asked about requests of this method and path. */
  public boolean holds(String method, String path) {
    if (!methods.isEmpty() && !methods.contains(method)) {
      return false;
    }
    for (PathPattern pattern : paths) {
      if (pattern.matches(path)
          || (NormalPath.hasParameters(path)
              && pattern.matches(NormalPath.withoutParameters(path)))) {
        return true;
      }
    }
    return paths.isEmpty();
  }

  @Override
  public RuleKind kind() {
    return RuleKind.EXTERNAL_AUTHORIZATION;
  }
}
