package io.hostmesh.citadel;

import io.hostmesh.model.ServiceName;
import io.hostmesh.runtime.identity.Csr;
import io.hostmesh.runtime.identity.KeyPairs;
import io.hostmesh.runtime.identity.NodeIdentity;
import io.vertx.core.Future;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/**
 * What {@code benchmarks/signatures} runs: certificates a second over gRPC and TLS, from citadel as
 * it is, with its ledger on disk. Nodes and citadel share the process and so the machine's cores;
 * keys and requests are made before.
 */
final class SigningRate {
  private static final ServiceName WEB = ServiceName.of("web");
  private static final int NODES = 24;
  private static final int AT_ONCE = 4;
  private static final int REQUESTS = 512;
  private static final int MOST = 2_000_000;

  private final List<byte[]> requests = new ArrayList<>();
  private final AtomicInteger next = new AtomicInteger();
  private final AtomicInteger underWay = new AtomicInteger();
  private final LongAdder failed = new LongAdder();
  private final long[] nanos = new long[MOST];
  private final AtomicInteger answered = new AtomicInteger();
  private volatile boolean ending;

  private SigningRate() {
    for (int key = 0; key < REQUESTS; key++) {
      requests.add(Csr.of(KeyPairs.generate()));
    }
  }

  /**
   * @param arguments how many rounds, and of how many seconds
   */
  public static void main(String[] arguments) throws Exception {
    int rounds = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 3;
    int seconds = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 10;
    Path folder = Files.createTempDirectory(Path.of("target"), "signing-rate");
    try (Mesh mesh = new Mesh(folder)) {
      new SigningRate().run(mesh, rounds, seconds);
    } finally {
      delete(folder);
    }
  }

  private void run(Mesh mesh, int rounds, int seconds) {
    List<NodeIdentity> nodes = new ArrayList<>();
    for (int number = 0; number < NODES; number++) {
      NodeIdentity node = mesh.node("n" + number, mesh.nodeToken());
      node.ready().timeout(20, TimeUnit.SECONDS).await();
      mesh.allow("n" + number, WEB.name());
      nodes.add(node);
    }
    for (NodeIdentity node : nodes) {
      for (int slot = 0; slot < AT_ONCE; slot++) {
        underWay.incrementAndGet();
        again(node);
      }
    }
    System.out.println("round    signed/s  median ms  99th ms  CPU us each  CPU cores  failed");
    for (int round = 0; round <= rounds; round++) {
      measure(round == 0 ? "warm-up" : String.valueOf(round), seconds);
    }
    ending = true;
    Mesh.await("the last answers", () -> underWay.get() == 0);
  }

  private void again(NodeIdentity node) {
    if (ending) {
      underWay.decrementAndGet();
      return;
    }
    long begin = System.nanoTime();
    Future<?> answer =
        node.citadel().issue(WEB, requests.get(Math.floorMod(next.getAndIncrement(), REQUESTS)));
    answer.onComplete(
        outcome -> {
          if (outcome.succeeded()) {
            nanos[Math.floorMod(answered.getAndIncrement(), MOST)] = System.nanoTime() - begin;
          } else {
            failed.increment();
          }
          again(node);
        });
  }

  private void measure(String name, int seconds) {
    int before = answered.get();
    long cpu = cpu();
    long begin = System.nanoTime();
    failed.reset();
    long end = begin + TimeUnit.SECONDS.toNanos(seconds);
    while (System.nanoTime() < end) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
    }
    int after = answered.get();
    double elapsed = System.nanoTime() - begin;
    double used = cpu() - cpu;
    long[] sorted = Arrays.copyOfRange(nanos, before, Math.max(before + 1, after));
    Arrays.sort(sorted);
    System.out.printf(
        Locale.ROOT,
        "%-8s %8.0f  %9.1f  %7.1f  %11.0f  %9.2f  %6d%n",
        name,
        (after - before) / elapsed * 1e9,
        sorted[sorted.length / 2] / 1e6,
        sorted[(int) (sorted.length * 0.99)] / 1e6,
        used / 1e3 / Math.max(1, after - before),
        used / elapsed,
        failed.sum());
  }

  /** Of the whole process, nodes included, in nanoseconds. */
  private static long cpu() {
    return ManagementFactory.getOperatingSystemMXBean()
            instanceof com.sun.management.OperatingSystemMXBean system
        ? system.getProcessCpuTime()
        : 0;
  }

  private static void delete(Path folder) throws Exception {
    try (Stream<Path> paths = Files.walk(folder)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
