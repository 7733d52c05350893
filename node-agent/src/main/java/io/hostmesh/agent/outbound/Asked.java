package io.hostmesh.agent.outbound;

import io.hostmesh.agent.balance.RequestKeys;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.model.routing.RequestFacts;
import io.hostmesh.model.rules.CallerPattern;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What rules ask about whatever a local service sends: of a bare connection, only who calls. */
interface Asked extends RequestFacts, RequestKeys {
  Outgoing call();

  Sender sender();

  @Override
  default boolean isFrom(CallerPattern pattern) {
    SpiffeId source = call().pair().source().orElse(null);
    return source != null
        && CallerPattern.means(pattern, source, source.uri(), source.trustDomain());
  }

  @Override
  default @Nullable String sourceMeta(String key) {
    return call().pair().source().orElse(null) instanceof SpiffeId.Service source
        ? sender().sourceMeta(source.name()).get(key)
        : null;
  }

  @Override
  default String path() {
    return "";
  }

  @Override
  default String method() {
    return "";
  }

  @Override
  default @Nullable String host() {
    return null;
  }

  @Override
  default @Nullable String header(String lowerCaseName) {
    return null;
  }

  @Override
  default @Nullable String query(String name) {
    return null;
  }

  @Override
  default List<String> headerValues(String lowerCaseName) {
    return List.of();
  }

  @Override
  default List<String> queryValues(String name) {
    return List.of();
  }

  @Override
  default @Nullable String cookie(String name) {
    return null;
  }

  @Override
  default String sourceAddress() {
    return call().peer();
  }
}
