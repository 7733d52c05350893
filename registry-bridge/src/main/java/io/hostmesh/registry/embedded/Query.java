package io.hostmesh.registry.embedded;

import java.util.List;
import java.util.function.Function;
import java.util.function.ToLongFunction;

/**
 * A read that may be waited on.
 *
 * @param index when what it reads changed last
 * @param view what it reads
 */
record Query(ToLongFunction<Store> index, Function<Store, Answer> view) {
  static Query of(List<Store.Topic> topics, Function<Store, Answer> view) {
    return new Query(store -> store.indexOf(topics), view);
  }
}
