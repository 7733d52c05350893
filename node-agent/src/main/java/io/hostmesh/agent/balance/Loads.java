package io.hostmesh.agent.balance;

import io.hostmesh.model.ServiceName;
import java.util.Collection;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;

/** The load of each service that this agent calls. Any thread. */
public final class Loads {
  private final ConcurrentHashMap<ServiceName, Load> services = new ConcurrentHashMap<>();
  private final Function<ServiceName, Load.Bounds> bounds;
  private final Consumer<Load> made;

  /**
   * @param bounds what holds for a service now; asked for each request
   * @param made gets each load once, to be shown
   */
  public Loads(Function<ServiceName, Load.Bounds> bounds, Consumer<Load> made) {
    this.bounds = bounds;
    this.made = made;
  }

  /** Of a service; the same object for as long as the agent runs. */
  public Load of(ServiceName service) {
    Load known = services.get(service);
    return known == null ? services.computeIfAbsent(service, this::make) : known;
  }

  private Load make(ServiceName service) {
    Load load = new Load(service, () -> bounds.apply(service));
    made.accept(load);
    return load;
  }

  public Collection<Load> all() {
    return services.values();
  }
}
