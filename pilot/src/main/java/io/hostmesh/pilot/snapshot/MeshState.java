package io.hostmesh.pilot.snapshot;

import io.hostmesh.model.Instance;
import io.hostmesh.model.Protocol;
import io.hostmesh.model.ServiceName;
import io.hostmesh.pilot.catalog.Allotment;
import io.hostmesh.pilot.catalog.AllotmentPlan;
import io.hostmesh.pilot.catalog.CatalogGuard;
import io.hostmesh.pilot.catalog.Entitlements;
import io.hostmesh.pilot.catalog.VirtualRanges;
import io.hostmesh.pilot.rules.Known;
import io.hostmesh.pilot.rules.RuleBook;
import io.hostmesh.pilot.rules.RuleDocument;
import io.hostmesh.pilot.rules.RuleGate;
import io.hostmesh.registry.Catalog;
import io.hostmesh.registry.Intentions;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * All that pilot has heard, and the snapshot of it. What is heard may come on any thread; one
 * thread of its own compiles, at most every {@value #SETTLE_MS} ms, and tells the listeners.
 * Nothing is published before every part was heard, or was remembered from an earlier run.
 */
public final class MeshState implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(MeshState.class.getName());

  /** How long changes that come together are collected. */
  static final long SETTLE_MS = 10;

  /** How often time alone may change something. */
  private static final long LOOK_MS = 1_000;

  /** The parts of the registry that make the mesh. */
  public enum Part {
    CATALOG,
    RULES,
    ENTITLEMENTS,
    ADDRESSES,
    INTENTIONS
  }

  private final MeshTerms terms;
  private final VirtualRanges ranges;
  private final InstantSource clock;
  private final Supplier<Optional<Entitlements.Verifier>> verifier;
  private final List<Consumer<Published>> listeners = new CopyOnWriteArrayList<>();
  private final Thread compiler;
  private final boolean remembered;

  // All guarded by this.
  private final Set<Part> heard = EnumSet.noneOf(Part.class);
  private CatalogGuard guard;
  private SortedMap<String, String> ignored = new TreeMap<>();
  private RuleBook rules;
  private @Nullable List<RuleDocument> storedRules;
  private HeardIntentions intentions;
  private RuleGate gate = RuleGate.open();
  private RuleGate.@Nullable Gated gated;
  private @Nullable Map<String, byte[]> storedStatements;
  private Entitlements entitlements;
  private SortedMap<ServiceName, List<InetAddress>> addresses;
  private final SortedMap<ServiceName, Protocol> protocols;
  private Map<ServiceName, InetAddress> consulAddresses = Map.of();
  private boolean changed;
  private boolean closed;

  private volatile @Nullable Published published;

  /**
   * @param memory what an earlier run left on disk
   * @param verifier empty while there are no roots to judge by: then statements wait
   */
  public MeshState(
      MeshTerms terms,
      VirtualRanges ranges,
      CatalogGuard.Limits limits,
      Optional<MeshMemory> memory,
      Supplier<Optional<Entitlements.Verifier>> verifier,
      InstantSource clock) {
    this.terms = terms;
    this.ranges = ranges;
    this.verifier = verifier;
    this.clock = clock;
    this.remembered = memory.isPresent();
    MeshMemory before = memory.orElse(MeshMemory.NOTHING);
    this.guard = CatalogGuard.fresh(limits).next(before.instances(), clock.instant());
    this.rules = RuleBook.remembered(before.rules());
    this.entitlements = before.entitlements();
    this.intentions = HeardIntentions.remembered(before.intentions());
    this.addresses = new TreeMap<>(before.virtualAddresses());
    this.protocols = new TreeMap<>(before.protocols());
    this.changed = remembered;
    this.compiler = Thread.ofVirtual().name("snapshots").unstarted(this::run);
  }

  /** Calls back on the compiling thread with every snapshot that differs from the one before. */
  public void onPublished(Consumer<Published> listener) {
    listeners.add(listener);
  }

  /** Begins to compile; listeners were added before. */
  public void start() {
    compiler.start();
  }

  /** The newest snapshot; empty before the first. */
  public Optional<Published> published() {
    return Optional.ofNullable(published);
  }

  public synchronized void heard(Catalog catalog) {
    List<Instance> instances = new ArrayList<>();
    catalog.services().values().forEach(instances::addAll);
    guard = guard.next(instances, clock.instant());
    ignored = catalog.ignored();
    changed(Part.CATALOG);
  }

  public synchronized void heardRules(Collection<RuleDocument> stored) {
    storedRules = List.copyOf(stored);
    judgeRules();
  }

  public synchronized void heardIntentions(Intentions stored) {
    intentions = intentions.shown(stored);
    changed(Part.INTENTIONS);
  }

  /**
   * The registry has no intentions for pilot to read; those that were read before hold on.
   *
   * @param why for people
   */
  public synchronized void cannotReadIntentions(String why) {
    HeardIntentions next = intentions.refused(why);
    if (!next.equals(intentions) || !heard.contains(Part.INTENTIONS)) { // Each retry says it again.
      intentions = next;
      changed(Part.INTENTIONS);
    }
  }

  /** The registry shows intentions again, the same ones unless {@link #heardIntentions} follows. */
  public synchronized void canReadIntentions() {
    if (!intentions.equals(intentions.answered())) {
      intentions = intentions.answered();
      changed(Part.INTENTIONS);
    }
  }

  /** Whose rules count; to be called before {@link #start}. */
  public synchronized void guardRules(RuleGate rulesGate) {
    gate = rulesGate;
  }

  private void judgeRules() {
    List<RuleDocument> stored = storedRules;
    if (stored != null) {
      gate.judge(stored)
          .ifPresent(
              judged -> {
                gated = judged;
                changed(Part.RULES);
              });
    }
  }

  /**
   * @param stored signed statements by the node that their key names
   */
  public synchronized void heardEntitlements(Map<String, byte[]> stored) {
    storedStatements = Map.copyOf(stored);
    judgeStatements();
  }

  /** The roots that statements are judged by have changed. */
  public synchronized void rootsChanged() {
    judgeStatements();
    judgeRules();
  }

  private void judgeStatements() {
    Map<String, byte[]> stored = storedStatements;
    Optional<Entitlements.Verifier> judge = verifier.get();
    if (stored != null && judge.isPresent()) {
      entitlements = entitlements.next(stored, judge.get());
      changed(Part.ENTITLEMENTS);
    }
  }

  public synchronized void heardAllotments(Collection<Allotment> allotments) {
    SortedMap<ServiceName, List<InetAddress>> given = new TreeMap<>();
    AllotmentPlan.slots(allotments, ranges.slots())
        .forEach((service, slot) -> given.put(service, ranges.addresses(slot)));
    addresses = given;
    changed(Part.ADDRESSES);
  }

  /** The IPv4 addresses that Consul publishes itself, which come before ours. */
  public synchronized void heardConsulAddresses(Map<ServiceName, InetAddress> published) {
    consulAddresses = Map.copyOf(published);
    changed = true;
    notifyAll();
  }

  /** An operator says that the instances that disappeared are gone for good; how many these are. */
  public synchronized int confirmDisappearance() {
    int missing = guard.missing().size();
    guard = guard.confirmed();
    changed = true;
    notifyAll();
    return missing;
  }

  /** Whether a part was heard in this run. */
  public synchronized boolean hasHeard(Part part) {
    return heard.contains(part);
  }

  private void changed(Part part) {
    heard.add(part);
    changed = true;
    notifyAll();
  }

  private void run() {
    try {
      while (awaitChange()) {
        Thread.sleep(SETTLE_MS);
        publish();
      }
    } catch (InterruptedException e) {
      LOG.log(System.Logger.Level.DEBUG, "closed", e);
    }
  }

  /** A part that cannot be compiled, by a mistake of ours, must not end all that comes after. */
  private void publish() {
    try {
      compile().ifPresent(next -> listeners.forEach(listener -> listener.accept(next)));
    } catch (RuntimeException e) {
      LOG.log(
          System.Logger.Level.ERROR,
          "what the registry has now could not be published; agents keep what they have",
          e);
    }
  }

  /** Waits for news; false where there will be none. */
  private synchronized boolean awaitChange() throws InterruptedException {
    while (!closed && !changed) {
      if (guard.isHolding()) {
        wait(LOOK_MS);
        CatalogGuard later = guard.at(clock.instant());
        changed |= !later.equals(guard);
        guard = later;
      } else {
        wait();
      }
    }
    return !closed;
  }

  private synchronized Optional<Published> compile() {
    changed = false;
    boolean live = heard.size() == Part.values().length;
    if (!live && !remembered) {
      return Optional.empty();
    }
    Known known = known();
    if (gated != null) {
      rules = rules.next(gated, known);
    }
    rememberProtocols();
    SnapshotInputs inputs =
        new SnapshotInputs(
            terms,
            guard.instances(),
            allAddresses(),
            protocols,
            entitlements,
            rules.inForce(),
            intentions,
            !gate.isSigned());
    Published next =
        new Published(
            SnapshotCompiler.compile(inputs),
            inputs,
            guard,
            rules,
            entitlements,
            known,
            ignored,
            live);
    if (next.equals(published)) {
      return Optional.empty();
    }
    published = next;
    return Optional.of(next);
  }

  /**
   * The first instance that declares one decides, as in the snapshot; those with neither are
   * forgotten.
   */
  private void rememberProtocols() {
    Map<ServiceName, Protocol> now = new TreeMap<>();
    guard.instances().forEach(i -> now.merge(i.service(), i.protocol(), Protocol::or));
    protocols.putAll(now);
    protocols.keySet().removeIf(s -> !now.containsKey(s) && !addresses.containsKey(s));
  }

  private Known known() {
    SortedMap<ServiceName, Known.Facts> facts = new TreeMap<>();
    addresses.keySet().forEach(service -> facts.put(service, Known.Facts.NONE));
    entitlements.services().forEach(service -> facts.put(service, Known.Facts.NONE));
    Map<ServiceName, List<Instance>> byService = new TreeMap<>();
    guard
        .instances()
        .forEach(i -> byService.computeIfAbsent(i.service(), _ -> new ArrayList<>()).add(i));
    byService.forEach(
        (service, instances) -> {
          facts.put(
              service,
              new Known.Facts(
                  instances.stream().map(Instance::protocol).reduce(Protocol::or),
                  instances.stream().map(Instance::meta).toList()));
        });
    return new Known(facts);
  }

  private SortedMap<ServiceName, List<InetAddress>> allAddresses() {
    SortedMap<ServiceName, List<InetAddress>> all = new TreeMap<>(addresses);
    consulAddresses.forEach(
        (service, address) ->
            all.computeIfPresent(
                service,
                (_, ours) -> {
                  List<InetAddress> given = new ArrayList<>(List.of(address));
                  ours.stream().filter(a -> !(a instanceof Inet4Address)).forEach(given::add);
                  return List.copyOf(given);
                }));
    return all;
  }

  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      notifyAll();
    }
    compiler.interrupt();
  }
}
