package io.hostmesh.registry;

import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Reads answers into states, and passes on the first one and those that differ from the last. */
final class ChangesOnly<A, T> implements WatchListener<A> {
  private final WatchListener<T> listener;
  private final Function<A, T> reader;
  private @Nullable T last;

  ChangesOnly(WatchListener<T> listener, Function<A, T> reader) {
    this.listener = listener;
    this.reader = reader;
  }

  @Override
  public void changed(A answer) {
    T state = reader.apply(answer);
    if (!state.equals(last)) {
      last = state;
      listener.changed(state);
    }
  }

  @Override
  public void failing(RegistryException failure, int failures) {
    listener.failing(failure, failures);
  }

  @Override
  public void recovered() {
    listener.recovered();
  }
}
