package io.hostmesh.pilot.catalog;

import io.hostmesh.model.ServiceName;
import io.hostmesh.registry.ConsulVirtualIps;
import io.hostmesh.registry.Entry;
import io.hostmesh.registry.KeyValue;
import io.hostmesh.registry.RegistryException;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.concurrent.CompletionException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * Gives every service its virtual address: takes slots by compare-and-set, and as the leader keeps
 * order among them; asks Consul for the addresses that it publishes itself. One virtual thread of
 * its own, which waits for the registry; what it hears may come on any thread.
 */
public final class AddressKeeper implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(AddressKeeper.class.getName());

  /** The folder of the allotments in the registry's KV. */
  public static final String FOLDER = AllotmentKey.FOLDER;

  private static final Duration EVERY = Duration.ofSeconds(60);
  private static final Duration AFTER_FAILURE = Duration.ofSeconds(1);

  private final KeyValue keys;
  private final ConsulVirtualIps consul;
  private final int slots;
  private final Duration rest;
  private final InstantSource clock;
  private final BooleanSupplier leads;
  private final Consumer<Map<ServiceName, InetAddress>> consulAddresses;
  private final Thread thread;

  // Guarded by this.
  private Optional<List<Allotment>> allotments = Optional.empty();
  private List<String> foreign = List.of();
  private Optional<Set<ServiceName>> present = Optional.empty();
  private boolean changed;
  private boolean closed;

  // The thread's own.
  private Instant consulAskedAt = Instant.MIN;
  private Set<ServiceName> consulAskedFor = Set.of();

  /**
   * @param slots how many there are
   * @param rest how long a slot rests after its service has gone
   * @param leads whether this pilot is the one that keeps order
   * @param consulAddresses is told what Consul publishes
   */
  public AddressKeeper(
      KeyValue keys,
      ConsulVirtualIps consul,
      int slots,
      Duration rest,
      InstantSource clock,
      BooleanSupplier leads,
      Consumer<Map<ServiceName, InetAddress>> consulAddresses) {
    this.keys = keys;
    this.consul = consul;
    this.slots = slots;
    this.rest = rest;
    this.clock = clock;
    this.leads = leads;
    this.consulAddresses = consulAddresses;
    this.thread = Thread.ofVirtual().name("addresses").unstarted(this::run);
  }

  public void start() {
    thread.start();
  }

  /**
   * The folder's keys have changed.
   *
   * @return the allotments among them
   */
  public synchronized List<Allotment> heard(SortedMap<String, Entry> entries) {
    List<Allotment> read = new ArrayList<>();
    List<String> strange = new ArrayList<>();
    entries.forEach(
        (key, entry) ->
            AllotmentKey.read(key, entry).ifPresentOrElse(read::add, () -> strange.add(key)));
    allotments = Optional.of(List.copyOf(read));
    foreign = List.copyOf(strange);
    changed = true;
    notifyAll();
    return List.copyOf(read);
  }

  /** These services have an instance now. */
  public synchronized void present(Set<ServiceName> services) {
    if (!present.equals(Optional.of(services))) {
      present = Optional.of(Set.copyOf(services));
      changed = true;
      notifyAll();
    }
  }

  private record Work(List<Allotment> allotments, List<String> foreign, Set<ServiceName> present) {}

  private void run() {
    Duration pause = EVERY;
    try {
      while (true) {
        Optional<Work> work = await(pause);
        if (work.isEmpty()) {
          return;
        }
        pause = attempt(work.get()) ? EVERY : AFTER_FAILURE;
      }
    } catch (InterruptedException e) {
      LOG.log(System.Logger.Level.DEBUG, "closed", e);
    }
  }

  /** Waits for news or the time; empty where there will be none. */
  private synchronized Optional<Work> await(Duration pause) throws InterruptedException {
    long end = System.nanoTime() + pause.toNanos();
    while (!closed
        && (allotments.isEmpty()
            || present.isEmpty()
            || (!changed && System.nanoTime() - end < 0))) {
      wait(Math.max(1, (end - System.nanoTime()) / 1_000_000));
    }
    changed = false;
    return closed
        ? Optional.empty()
        : Optional.of(new Work(allotments.orElseThrow(), foreign, present.orElseThrow()));
  }

  private boolean attempt(Work work) {
    try {
      AllotmentPlan.takes(work.allotments(), work.present(), slots).forEach(this::carryOut);
      if (leads.getAsBoolean()) {
        work.foreign().forEach(this::remove);
        AllotmentPlan.housekeeping(work.allotments(), work.present(), slots, clock.instant(), rest)
            .forEach(this::carryOut);
      }
      askConsul(work.present());
      return true;
    } catch (CompletionException e) {
      if (e.getCause() instanceof RegistryException away) {
        LOG.log(System.Logger.Level.DEBUG, "virtual addresses wait: {0}", away.getMessage());
        return false;
      }
      throw e;
    }
  }

  private void carryOut(AllotmentPlan.Step step) {
    boolean done =
        switch (step) {
          case AllotmentPlan.Step.Take(int slot, ServiceName service) ->
              keys.putIf(
                      AllotmentKey.of(slot),
                      AllotmentKey.value(service, Optional.empty()),
                      KeyValue.ABSENT)
                  .join();
          case AllotmentPlan.Step.Mark(Allotment as, Optional<Instant> idleSince) ->
              keys.putIf(
                      AllotmentKey.of(as.slot()),
                      AllotmentKey.value(as.service(), idleSince),
                      as.modifyIndex())
                  .join();
          case AllotmentPlan.Step.Free(Allotment as) ->
              keys.deleteIf(AllotmentKey.of(as.slot()), as.modifyIndex()).join();
        };
    // Where it was not done, another pilot was first, and the watch brings what it did.
    LOG.log(System.Logger.Level.DEBUG, "{0}: {1}", step, done);
  }

  private void remove(String key) {
    LOG.log(System.Logger.Level.WARNING, "{0} in the registry is no allotment; removed", key);
    keys.delete(key).join();
  }

  private void askConsul(Set<ServiceName> services) {
    Instant now = clock.instant();
    if (services.equals(consulAskedFor) && now.isBefore(consulAskedAt.plus(EVERY))) {
      return;
    }
    Map<ServiceName, InetAddress> published = new HashMap<>();
    for (ServiceName service : services) {
      consul
          .of(service.name())
          .join()
          .flatMap(AddressKeeper::literal)
          .ifPresent(address -> published.put(service, address));
    }
    consulAskedFor = services;
    consulAskedAt = now;
    consulAddresses.accept(published);
  }

  private static Optional<InetAddress> literal(String text) {
    try {
      return Optional.of(InetAddress.ofLiteral(text));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      notifyAll();
    }
    thread.interrupt();
  }
}
