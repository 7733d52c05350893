package io.hostmesh.agent.inbound;

import io.hostmesh.agent.authz.Request;
import io.hostmesh.agent.limit.Asked;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.model.routing.Query;
import io.hostmesh.model.rules.CallerPattern;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A request or connection, as limits see it. Made only where the service called has limits.
 *
 * @param trustDomain the mesh's own
 * @param method empty for connections
 * @param path in normal form where a limit asks for it
 */
record Asking(
    Origin origin,
    LocalInstance called,
    String trustDomain,
    String method,
    String path,
    String target,
    Request.Fields fields)
    implements Asked {
  /** A bare connection. */
  static Asking connection(Origin origin, LocalInstance called, String trustDomain) {
    return new Asking(origin, called, trustDomain, "", "", "", Request.Fields.NONE);
  }

  @Override
  public String instance() {
    return called.id();
  }

  @Override
  public String source() {
    return origin.caller().map(SpiffeId::uri).orElse("");
  }

  @Override
  public String address() {
    return origin.address();
  }

  @Override
  public String values(String lowerCaseName) {
    List<String> values = fields.values(lowerCaseName);
    return values.size() == 1 ? values.getFirst() : String.join(",", values);
  }

  @Override
  public @Nullable String host() {
    return Access.host(target, fields);
  }

  @Override
  public List<String> headerValues(String lowerCaseName) {
    return fields.values(lowerCaseName);
  }

  @Override
  public List<String> queryValues(String name) {
    return Query.of(target).values(name);
  }

  @Override
  public boolean isFrom(CallerPattern pattern) {
    SpiffeId id = origin.caller().orElse(null);
    return id != null && CallerPattern.means(pattern, id, id.uri(), trustDomain);
  }

  /** Known on the caller's host only; no limit asks for it. */
  @Override
  public @Nullable String sourceMeta(String key) {
    return null;
  }
}
