package io.hostmesh.registry;

/** Something that is being watched; closing ends it. No listener is called after close returns. */
public interface Watch extends AutoCloseable {
  @Override
  void close();
}
