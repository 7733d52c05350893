package io.hostmesh.registry;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.model.Instance;
import io.hostmesh.model.Protocol;
import io.hostmesh.model.ServiceName;
import io.hostmesh.registry.RegistrySettings.LocalAgent;
import io.hostmesh.registry.testing.RegistryUnderTest;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/**
 * What the mesh relies on, whichever registry there is: the same client against each. Real Consul
 * is the judge.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(90)
abstract class RegistryContract {
  private static final AtomicInteger NAMES = new AtomicInteger();
  private static final Duration SOON = Duration.ofSeconds(5);
  private static final Duration LATER = Duration.ofSeconds(25);
  private static final Timing QUICK = new Timing(Duration.ofSeconds(1), Duration.ofMillis(250));

  private RegistryUnderTest server;
  private Registry registry;
  private String unique;

  abstract RegistryUnderTest startServer();

  @BeforeAll
  void start() {
    server = startServer();
  }

  @AfterAll
  void stop() throws Exception {
    if (server != null) {
      server.close();
    }
  }

  @BeforeEach
  void connect() {
    unique = "t" + NAMES.incrementAndGet();
    registry = connect(LocalAgent.NO, QUICK);
  }

  @AfterEach
  void disconnect() {
    registry.close();
  }

  /** For what only one kind of registry has. */
  String address() {
    return server.address();
  }

  Registry registry() {
    return registry;
  }

  private Registry connect(LocalAgent way, Timing timing) {
    RegistrySettings settings = RegistrySettings.at(server.address()).with(way);
    return Registry.connect(settings, RandomGenerator.getDefault(), timing);
  }

  private static <T> T get(CompletableFuture<T> future) throws Exception {
    try {
      return future.get(10, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Exception cause) {
        throw cause;
      }
      throw e;
    }
  }

  // ---- intentions

  private String config(String method, String path, String body) throws Exception {
    try (HttpClient client = HttpClient.newHttpClient()) {
      HttpRequest request =
          HttpRequest.newBuilder(URI.create("http://" + server.address() + "/v1/config" + path))
              .method(method, HttpRequest.BodyPublishers.ofString(body))
              .build();
      HttpResponse<String> answer = client.send(request, HttpResponse.BodyHandlers.ofString());
      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
      return answer.body();
    }
  }

  @Test
  void hearsIntentionsComeChangeAndGo() throws Exception {
    Heard<Intentions> heard = new Heard<>();
    String entry =
        "{\"Kind\": \"service-intentions\", \"Name\": \"%s\", \"Sources\": [{\"Name\": \"web\","
            + " \"Action\": \"%s\"}]}";
    try (Watch _ = registry.watchIntentions(heard)) {
      heard.await(SOON, all -> named(all).isEmpty());
      config("PUT", "", entry.formatted(unique, "deny"));
      Intentions denied = heard.await(SOON, all -> named(all).contains("\"deny\""));
      assertThat(denied.filtered()).isFalse();
      config("PUT", "", entry.formatted(unique, "allow"));
      heard.await(SOON, all -> named(all).contains("\"allow\""));
      assertThat(config("GET", "/service-intentions/" + unique, "")).contains("\"allow\"");
      config("DELETE", "/service-intentions/" + unique, "");
      heard.await(SOON, all -> named(all).isEmpty());
    }
  }

  /** This test's own entry. */
  private String named(Intentions all) {
    return all.entries().stream()
        .filter(entry -> entry.name().equals(unique))
        .map(Intentions.Stored::json)
        .findFirst()
        .orElse("");
  }

  // ---- keys

  @Test
  void readsBackWhatWasWritten() throws Exception {
    KeyValue keys = registry.keyValue();
    String key = unique + "/a b+c/ü";
    assertThat(get(keys.get(key))).isEmpty();
    get(keys.put(key, "eins".getBytes(UTF_8)));
    assertThat(get(keys.get(key)).orElseThrow().text()).isEqualTo("eins");
    get(keys.put(unique + "/empty", new byte[0]));
    assertThat(get(keys.get(unique + "/empty")).orElseThrow().bytes()).isEmpty();
    byte[] binary = {0, (byte) 0xff, 10, 13};
    get(keys.put(unique + "/binary", binary));
    assertThat(get(keys.get(unique + "/binary")).orElseThrow().bytes()).isEqualTo(binary);
    get(keys.delete(key));
    assertThat(get(keys.get(key))).isEmpty();
    get(keys.delete(key));
  }

  @Test
  void listsAPrefixAndNothingElse() throws Exception {
    KeyValue keys = registry.keyValue();
    assertThat(get(keys.list(unique + "/"))).isEmpty();
    get(keys.put(unique + "/b", "2".getBytes(UTF_8)));
    get(keys.put(unique + "/a/x", "1".getBytes(UTF_8)));
    get(keys.put(unique + "-other", "3".getBytes(UTF_8)));
    assertThat(get(keys.list(unique + "/"))).containsOnlyKeys(unique + "/a/x", unique + "/b");
  }

  @Test
  void aWriteAgainstAnOldIndexIsRefused() throws Exception {
    KeyValue keys = registry.keyValue();
    String key = unique + "/cas";
    assertThat(get(keys.putIf(key, "1".getBytes(UTF_8), KeyValue.ABSENT))).isTrue();
    assertThat(get(keys.putIf(key, "2".getBytes(UTF_8), KeyValue.ABSENT))).isFalse();
    long first = get(keys.get(key)).orElseThrow().modifyIndex();
    assertThat(get(keys.putIf(key, "2".getBytes(UTF_8), first))).isTrue();
    assertThat(get(keys.putIf(key, "3".getBytes(UTF_8), first))).isFalse();
    assertThat(get(keys.get(key)).orElseThrow().text()).isEqualTo("2");
    assertThat(get(keys.deleteIf(key, first))).isFalse();
    assertThat(get(keys.get(key))).isPresent();
    long second = get(keys.get(key)).orElseThrow().modifyIndex();
    assertThat(second).isGreaterThan(first);
    assertThat(get(keys.deleteIf(key, second))).isTrue();
    assertThat(get(keys.get(key))).isEmpty();
  }

  @Test
  void aTransactionIsMadeWholeOrNotAtAllAndSeenAtOnce() throws Exception {
    KeyValue keys = registry.keyValue();
    String a = unique + "/a";
    String b = unique + "/b";
    Heard<SortedMap<String, Entry>> heard = new Heard<>();
    try (Watch _ = keys.watch(unique + "/", heard)) {
      heard.await(LATER, Map::isEmpty);
      List<KeyValue.Write> both =
          List.of(
              KeyValue.Write.put(a, "eins ü", KeyValue.ABSENT),
              KeyValue.Write.put(b, "zwei", KeyValue.ABSENT),
              KeyValue.Write.delete(unique + "/nothing"));
      assertThat(get(keys.commit(both))).isTrue();
      assertThat(get(keys.commit(both))).isFalse();
      heard.await(SOON, all -> all.size() == 2);
      assertThat(heard.count()).as("never one without the other").isEqualTo(2);
    }
    Entry first = get(keys.get(a)).orElseThrow();
    assertThat(first.text()).isEqualTo("eins ü");
    get(keys.put(b, "by another".getBytes(UTF_8)));
    long old = first.modifyIndex();
    assertThat(
            get(
                keys.commit(
                    List.of(KeyValue.Write.delete(a, old), KeyValue.Write.put(b, "drei", 1)))))
        .isFalse();
    assertThat(get(keys.get(a))).contains(first);
    long now = get(keys.get(b)).orElseThrow().modifyIndex();
    assertThat(
            get(
                keys.commit(
                    List.of(KeyValue.Write.delete(a, old), KeyValue.Write.put(b, "drei", now)))))
        .isTrue();
    assertThat(get(keys.list(unique + "/"))).containsOnlyKeys(b);
    assertThat(get(keys.get(b)).orElseThrow().text()).isEqualTo("drei");
  }

  @Test
  void aTransactionOfAsManyWritesAsPromisedIsTaken() throws Exception {
    KeyValue keys = registry.keyValue();
    String text = "x".repeat(KeyValue.MOST_BYTES / KeyValue.MOST_WRITES - 100);
    assertThat(
            get(
                keys.commit(
                    java.util.stream.IntStream.range(0, KeyValue.MOST_WRITES)
                        .mapToObj(i -> KeyValue.Write.put(unique + "/" + i, text, KeyValue.ABSENT))
                        .toList())))
        .isTrue();
    assertThat(get(keys.list(unique + "/"))).hasSize(KeyValue.MOST_WRITES);
  }

  @Test
  void ofManyWritersOneWins() throws Exception {
    KeyValue keys = registry.keyValue();
    List<CompletableFuture<Boolean>> writes =
        java.util.stream.IntStream.range(0, 20)
            .mapToObj(i -> keys.putIf(unique + "/race", ("" + i).getBytes(UTF_8), KeyValue.ABSENT))
            .toList();
    int won = 0;
    for (CompletableFuture<Boolean> write : writes) {
      won += get(write) ? 1 : 0;
    }
    assertThat(won).isEqualTo(1);
  }

  @Test
  void aWatchHearsOfWritesAndDeletesAtOnce() throws Exception {
    KeyValue keys = registry.keyValue();
    Heard<SortedMap<String, Entry>> heard = new Heard<>();
    try (Watch _ = keys.watch(unique + "/", heard)) {
      heard.await(LATER, Map::isEmpty);
      get(keys.put(unique + "/a", "1".getBytes(UTF_8)));
      heard.await(SOON, all -> all.size() == 1);
      get(keys.put(unique + "/a", "2".getBytes(UTF_8)));
      heard.await(SOON, all -> all.containsValue(new Entry("2".getBytes(UTF_8), index(all))));
      get(keys.put(unique + "-elsewhere", "x".getBytes(UTF_8)));
      get(keys.delete(unique + "/a"));
      heard.await(SOON, Map::isEmpty);
      assertThat(heard.count()).isEqualTo(4);
    }
  }

  private static long index(SortedMap<String, Entry> all) {
    return all.values().stream().mapToLong(Entry::modifyIndex).max().orElse(0);
  }

  @Test
  void aClosedWatchIsSilent() throws Exception {
    KeyValue keys = registry.keyValue();
    Heard<SortedMap<String, Entry>> heard = new Heard<>();
    Watch watch = keys.watch(unique + "/", heard);
    heard.await(LATER, Map::isEmpty);
    watch.close();
    get(keys.put(unique + "/a", "1".getBytes(UTF_8)));
    assertThat(heard.count()).isEqualTo(1);
  }

  // ---- registration and the catalog

  private LocalService service(String name, List<LocalCheck> checks, boolean adopted) {
    SortedMap<String, String> meta = new TreeMap<>();
    meta.put("version", "v2");
    return new LocalService(
        name + "-1",
        ServiceName.of(name),
        adopted ? InstanceIds.of(name + "-1") : "one",
        "10.1.2.3",
        8080,
        Protocol.HTTP,
        meta,
        checks,
        adopted);
  }

  private static boolean healthy(Catalog catalog, String service) {
    List<Instance> instances = catalog.instances(ServiceName.of(service));
    return !instances.isEmpty() && instances.stream().allMatch(Instance::healthy);
  }

  private static boolean unhealthy(Catalog catalog, String service) {
    List<Instance> instances = catalog.instances(ServiceName.of(service));
    return !instances.isEmpty() && instances.stream().noneMatch(Instance::healthy);
  }

  private RegisteringNode node() {
    return new RegisteringNode(unique + "-node", "10.1.2.3");
  }

  @Test
  void registersByCatalogWrites() throws Exception {
    registersAndDeregisters(LocalAgent.NO);
  }

  @Test
  void registersWithTheLocalAgent() throws Exception {
    registersAndDeregisters(LocalAgent.YES);
  }

  private void registersAndDeregisters(LocalAgent way) throws Exception {
    Heard<Catalog> heard = new Heard<>();
    try (Registry local = connect(way, QUICK);
        Watch _ = registry.watchCatalog(heard);
        ServiceRegistration registration = local.registration(node())) {
      heard.await(LATER, catalog -> catalog.instances(ServiceName.of(unique)).isEmpty());
      LocalCheck check = new LocalCheck("http", "GET /healthz");
      get(registration.register(service(unique, List.of(check), false)));
      heard.await(SOON, catalog -> unhealthy(catalog, unique));

      registration.report(unique + "-1", "http", new CheckReport(CheckStatus.PASSING, "200"));
      Catalog up = heard.await(SOON, catalog -> healthy(catalog, unique));
      Instance instance = up.instances(ServiceName.of(unique)).getFirst();
      assertThat(instance.id()).isEqualTo("one");
      assertThat(instance.node()).isEqualTo(unique + "-node");
      assertThat(instance.address()).isEqualTo("10.1.2.3");
      assertThat(instance.port()).isEqualTo(8080);
      assertThat(instance.protocol()).isEqualTo(Protocol.HTTP);
      assertThat(instance.meta()).containsEntry("version", "v2");

      registration.report(unique + "-1", "http", new CheckReport(CheckStatus.WARNING, "slow"));
      registration.report(unique + "-1", "http", new CheckReport(CheckStatus.CRITICAL, "503"));
      heard.await(SOON, catalog -> unhealthy(catalog, unique));

      get(registration.deregister(unique + "-1"));
      heard.await(SOON, catalog -> catalog.instances(ServiceName.of(unique)).isEmpty());
      assertThat(registration.troubles()).isEmpty();
    }
  }

  @Test
  void aServiceWithoutChecksIsHealthyWhileItsAgentLives() throws Exception {
    Heard<Catalog> heard = new Heard<>();
    Registry local = connect(LocalAgent.YES, QUICK);
    try (Watch _ = registry.watchCatalog(heard)) {
      get(local.registration(node()).register(service(unique, List.of(), false)));
      heard.await(SOON, catalog -> healthy(catalog, unique));
      // Its TTL of a second ends when nobody repeats that the agent is alive.
      local.close();
      heard.await(LATER, catalog -> unhealthy(catalog, unique));
    }
  }

  @Test
  void aSuccessorTakesOverWithoutAnUnhealthyMoment() throws Exception {
    for (LocalAgent way : List.of(LocalAgent.YES, LocalAgent.NO)) {
      String name = unique + "-" + way.name().toLowerCase(java.util.Locale.ROOT);
      LocalService service = service(name, List.of(new LocalCheck("tcp", "connects")), false);
      Registry first = connect(way, QUICK);
      ServiceRegistration old = first.registration(node());
      CompletableFuture<Void> registered = old.register(service);
      old.report(service.id(), "tcp", new CheckReport(CheckStatus.PASSING, "ok"));
      Heard<Catalog> heard = new Heard<>();
      AtomicInteger bad = new AtomicInteger();
      try (Watch _ = registry.watchCatalog(heard)) {
        get(registered);
        heard.await(LATER, catalog -> healthy(catalog, name));
        try (Watch _ =
                registry.watchCatalog(catalog -> bad.addAndGet(unhealthy(catalog, name) ? 1 : 0));
            Registry second = connect(way, QUICK)) {
          first.close();
          ServiceRegistration successor = second.registration(node());
          get(successor.register(service));
          successor.report(service.id(), "tcp", new CheckReport(CheckStatus.PASSING, "ok"));
          get(successor.deregister(service.id()));
          heard.await(SOON, catalog -> catalog.instances(ServiceName.of(name)).isEmpty());
        }
        assertThat(bad).hasValue(0);
      }
    }
  }

  @Test
  void aNodeWithoutHeartbeatTurnsCriticalAndIsRemoved() throws Exception {
    Heard<Catalog> heard = new Heard<>();
    Registry doomed = connect(LocalAgent.NO, QUICK);
    try (Watch _ = registry.watchCatalog(heard);
        DeadNodeReaper _ = registry.reaper(Duration.ofSeconds(3))) {
      get(doomed.registration(node()).register(service(unique, List.of(), false)));
      heard.await(SOON, catalog -> healthy(catalog, unique));
      doomed.close();
      heard.await(LATER, catalog -> unhealthy(catalog, unique));
      heard.await(LATER, catalog -> catalog.instances(ServiceName.of(unique)).isEmpty());
    }
  }

  @Test
  void aNodeThatComesBackIsHealthyAgain() throws Exception {
    Heard<Catalog> heard = new Heard<>();
    Registry first = connect(LocalAgent.NO, QUICK);
    try (Watch _ = registry.watchCatalog(heard);
        DeadNodeReaper _ = registry.reaper(Duration.ofMinutes(5))) {
      get(first.registration(node()).register(service(unique, List.of(), false)));
      heard.await(SOON, catalog -> healthy(catalog, unique));
      first.close();
      heard.await(LATER, catalog -> unhealthy(catalog, unique));
      try (Registry second = connect(LocalAgent.NO, QUICK)) {
        get(second.registration(node()).register(service(unique, List.of(), false)));
        heard.await(SOON, catalog -> healthy(catalog, unique));
      }
    }
  }

  @Test
  void adoptsWithTheLocalAgent() throws Exception {
    adopts(LocalAgent.YES);
  }

  @Test
  void adoptsInTheCatalog() throws Exception {
    adopts(LocalAgent.NO);
  }

  private void adopts(LocalAgent way) throws Exception {
    Heard<Catalog> heard = new Heard<>();
    LocalService foreign = service(unique, List.of(), false);
    LocalService adopted = service(unique, List.of(new LocalCheck("http", "GET /")), true);
    RegisteringNode elsewhere = new RegisteringNode(unique + "-foreign", "10.9.9.9");
    try (Registry owner = connect(way, QUICK);
        Registry adopter = connect(way, QUICK);
        Watch _ = registry.watchCatalog(heard);
        ServiceRegistration registration = adopter.registration(node())) {
      CompletableFuture<Void> pending = registration.register(adopted);
      awaitTrouble(registration, "no ");
      assertThat(pending).isNotDone();

      get(owner.registration(elsewhere).register(foreign));
      get(pending);
      Catalog catalog =
          heard.await(
              SOON,
              c ->
                  healthy(c, unique)
                      && c.instances(ServiceName.of(unique))
                          .getFirst()
                          .node()
                          .equals(node().name()));
      assertThat(catalog.instances(ServiceName.of(unique))).hasSize(1);

      registration.report(adopted.id(), "http", new CheckReport(CheckStatus.CRITICAL, "503"));
      heard.await(SOON, c -> unhealthy(c, unique));
      get(registration.deregister(adopted.id()));
      heard.await(SOON, c -> healthy(c, unique));
    }
  }

  private static void awaitTrouble(ServiceRegistration registration, String part)
      throws InterruptedException {
    long end = System.nanoTime() + LATER.toNanos();
    while (registration.troubles().values().stream().noneMatch(text -> text.contains(part))) {
      assertThat(System.nanoTime()).as("no trouble with \"%s\"", part).isLessThan(end);
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }

  @Test
  void manyServicesAreFollowedByFewConnections() throws Exception {
    Heard<Catalog> heard = new Heard<>();
    try (Watch _ = registry.watchCatalog(heard);
        ServiceRegistration registration = registry.registration(node())) {
      List<CompletableFuture<Void>> all = new ArrayList<>();
      for (int i = 0; i < 60; i++) {
        all.add(registration.register(service(unique + "-s" + i, List.of(), false)));
      }
      for (CompletableFuture<Void> one : all) {
        get(one);
      }
      heard.await(
          LATER,
          catalog ->
              catalog.services().keySet().stream()
                      .filter(name -> name.name().startsWith(unique))
                      .count()
                  == 60);
      get(registration.deregister(unique + "-s7-1"));
      heard.await(SOON, catalog -> catalog.instances(ServiceName.of(unique + "-s7")).isEmpty());
    }
  }

  @Test
  void consulsOwnServiceIsNotOfTheMesh() {
    Heard<Catalog> heard = new Heard<>();
    try (Watch _ = registry.watchCatalog(heard)) {
      Catalog catalog = heard.await(LATER, _ -> true);
      assertThat(catalog.instances(ServiceName.of("consul"))).isEmpty();
    }
  }

  @Test
  void noVirtualAddressForAServiceOutsideConsulsMesh() throws Exception {
    assertThat(get(registry.consulVirtualIps().of(unique))).isEmpty();
  }

  // ---- sessions and elections

  /** Waits for what an election tells. */
  private static final class Candidate implements LeadershipListener {
    private boolean leads;
    private int losses;

    @Override
    public synchronized void elected() {
      leads = true;
      notifyAll();
    }

    @Override
    public synchronized void lost() {
      leads = false;
      losses++;
      notifyAll();
    }

    synchronized void await(boolean wanted) throws InterruptedException {
      long end = System.nanoTime() + LATER.toNanos();
      while (leads != wanted) {
        long millis = (end - System.nanoTime()) / 1_000_000;
        assertThat(millis).as("leads = %s in time", wanted).isPositive();
        wait(millis);
      }
    }

    synchronized void awaitLoss() throws InterruptedException {
      long end = System.nanoTime() + LATER.toNanos();
      while (losses == 0) {
        long millis = (end - System.nanoTime()) / 1_000_000;
        assertThat(millis).as("lost in time").isPositive();
        wait(millis);
      }
    }

    synchronized boolean leads() {
      return leads;
    }
  }

  @Test
  void oneLeadsAndTheOtherFollows() throws Exception {
    Candidate first = new Candidate();
    Candidate second = new Candidate();
    LeaderElection one = registry.elect(unique, "one", first);
    first.await(true);
    try (LeaderElection _ = registry.elect(unique, "two", second)) {
      one.close();
      first.await(false);
      second.await(true);
      assertThat(first.leads()).isFalse();
    }
  }

  @Test
  void aLeaderWhoseLockIsTakenAwayStepsDown() throws Exception {
    Candidate candidate = new Candidate();
    try (LeaderElection election = registry.elect(unique, "one", candidate)) {
      candidate.await(true);
      assertThat(election.leads()).isTrue();
      get(registry.keyValue().delete("hostmesh/leader/" + unique));
      candidate.awaitLoss();
      candidate.await(true); // Nobody else stood.
    }
  }

  // ---- when the registry fails

  @Test
  void anErrorSaysWhereAndWhatToDo() throws Exception {
    RegistrySettings nowhere = RegistrySettings.at("127.0.0.1:1");
    try (Registry lost = Registry.connect(nowhere, RandomGenerator.getDefault())) {
      assertThatThrownBy(() -> get(lost.keyValue().get("x")))
          .isInstanceOf(RegistryException.class)
          .hasMessageContaining("127.0.0.1:1")
          .hasMessageContaining("registry.address")
          .extracting(e -> ((RegistryException) e).kind())
          .isEqualTo(RegistryException.Kind.UNREACHABLE);
    }
  }

  @Test
  void allComesBackAfterTheRegistryLostItsState() throws Exception {
    KeyValue keys = registry.keyValue();
    Heard<SortedMap<String, Entry>> heardKeys = new Heard<>();
    Heard<Catalog> heardCatalog = new Heard<>();
    Candidate candidate = new Candidate();
    for (int i = 0; i < 30; i++) {
      get(keys.put(unique + "/high", ("" + i).getBytes(UTF_8))); // A high index to fall back from.
    }
    LocalService service = service(unique, List.of(new LocalCheck("tcp", "connects")), false);
    try (Watch _ = keys.watch(unique + "/", heardKeys);
        Watch _ = registry.watchCatalog(heardCatalog);
        LeaderElection _ = registry.elect(unique, "one", candidate);
        ServiceRegistration byCatalog = registry.registration(node())) {
      CompletableFuture<Void> registered = byCatalog.register(service);
      byCatalog.report(service.id(), "tcp", new CheckReport(CheckStatus.PASSING, "ok"));
      get(registered);
      heardCatalog.await(LATER, catalog -> healthy(catalog, unique));
      heardKeys.await(LATER, all -> all.size() == 1);
      candidate.await(true);

      server.stop();
      heardKeys.awaitFailure(LATER);
      heardCatalog.awaitFailure(LATER);
      assertThat(healthy(heardCatalog.await(SOON, _ -> true), unique)).isTrue();
      server.startEmpty();

      heardKeys.await(LATER, Map::isEmpty);
      assertThat(heardKeys.recoveries()).isPositive();
      get(keys.put(unique + "/again", "1".getBytes(UTF_8)));
      heardKeys.await(SOON, all -> all.containsKey(unique + "/again"));
      heardCatalog.await(LATER, catalog -> healthy(catalog, unique));
      candidate.await(true);
    }
  }

  @Test
  void aRegistryThatIsAwayAtTheStartIsFoundLater() throws Exception {
    server.stop();
    Heard<Catalog> heard = new Heard<>();
    LocalService service = service(unique, List.of(), false);
    try (Registry early = connect(LocalAgent.AUTO, QUICK);
        Watch _ = early.watchCatalog(heard);
        ServiceRegistration registration = early.registration(node())) {
      CompletableFuture<Void> registered = registration.register(service);
      heard.awaitFailure(LATER);
      awaitTrouble(registration, "registry.address");
      server.startEmpty();
      get(registered);
      heard.await(LATER, catalog -> healthy(catalog, unique));
      assertThat(registration.troubles()).isEmpty();
    }
  }
}
