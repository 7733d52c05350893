package io.hostmesh.agent.local;

import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;

/** Remembers what is listed and how well it is. */
final class FakeRegistrar implements Registrar {
  final Map<String, Boolean> listed = new ConcurrentHashMap<>();

  @Override
  public CompletionStage<Void> register(
      ServiceDefinition definition, ServiceDefinition.Listener instance) {
    listed.putIfAbsent(ConsulRegistrar.id(definition, instance), false);
    return new CompletableFuture<>();
  }

  @Override
  public void deregister(ServiceDefinition definition, ServiceDefinition.Listener instance) {
    listed.remove(ConsulRegistrar.id(definition, instance));
  }

  @Override
  public void report(
      ServiceDefinition definition,
      ServiceDefinition.Listener instance,
      int check,
      boolean well,
      String output) {
    listed.computeIfPresent(ConsulRegistrar.id(definition, instance), (_, _) -> well);
  }

  @Override
  public SortedMap<String, String> troubles() {
    return new TreeMap<>();
  }

  @Override
  public void close() {}
}
