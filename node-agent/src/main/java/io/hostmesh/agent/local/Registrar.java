package io.hostmesh.agent.local;

import java.util.SortedMap;
import java.util.concurrent.CompletionStage;

/** Where instances of this host are listed for others. Calls return at once. */
public interface Registrar extends AutoCloseable {
  /**
   * Lists an instance, or changes how it is listed.
   *
   * @return completes when it is listed; exceptionally where that has become moot
   */
  CompletionStage<Void> register(ServiceDefinition definition, ServiceDefinition.Listener instance);

  /** Takes an instance out. */
  void deregister(ServiceDefinition definition, ServiceDefinition.Listener instance);

  /**
   * Says what a check found.
   *
   * @param check its place among the instance's checks
   */
  void report(
      ServiceDefinition definition,
      ServiceDefinition.Listener instance,
      int check,
      boolean well,
      String output);

  /** What is not listed as it shall be, and why: by instance, or "" where the registry is away. */
  SortedMap<String, String> troubles();

  /**
   * Ends; what is listed stays listed, and goes stale by itself unless another generation goes on.
   */
  @Override
  void close();
}
