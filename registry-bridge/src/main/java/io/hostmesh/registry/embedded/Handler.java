package io.hostmesh.registry.embedded;

import java.util.function.Function;

/** What a route does with a request. */
sealed interface Handler {
  /** Reads, at once or when something has changed. */
  record Read(Function<Call, Query> query) implements Handler {}

  /** Changes the state; throws {@link Refusal} where it does not. */
  record Write(Function<Call, Answer> change) implements Handler {}
}
