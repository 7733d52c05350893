package io.hostmesh.agent.life;

import com.sun.management.HotSpotDiagnosticMXBean;
import io.hostmesh.runtime.linux.FilePages;
import io.vertx.core.Vertx;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the agent's resident memory to what it needs at the moment: it moves the heap's room with
 * the load ({@link HeapRoom}), and gives pages of files back to the host ({@link FilePages}). On
 * Vert.x' worker threads, one tick after the other.
 */
final class MemoryKeeper {
  private static final System.Logger LOG = System.getLogger(MemoryKeeper.class.getName());
  static final long TICK_MILLIS = 5_000;

  /** Even an idle agent looks after the host's rules, and touches some of each file soon again. */
  private static final long PAGES_MILLIS = 1_000;

  /** Fewer are left alone: these are in use, and would come back at once. */
  private static final long FILE_KILOBYTES = 16 * 1024;

  private final Vertx vertx;
  private final FilePages pages = new FilePages();
  private final HotSpotDiagnosticMXBean flags =
      ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
  private final @Nullable GarbageCollectorMXBean young;
  private HeapRoom room = HeapRoom.ACTIVE;
  private long collections;
  private int quiet;

  private MemoryKeeper(Vertx vertx) {
    this.vertx = vertx;
    this.young =
        ManagementFactory.getGarbageCollectorMXBeans().stream()
            .filter(bean -> bean.getName().equals("Copy")) // The serial collector's.
            .findAny()
            .orElse(null);
  }

  /**
   * Begins, with giving back what the start has left behind.
   *
   * @param afterMillis when the work of starting is over
   */
  static void begin(Vertx vertx, long afterMillis) {
    vertx.setTimer(
        afterMillis,
        _ -> {
          MemoryKeeper keeper = new MemoryKeeper(vertx);
          keeper.aside(() -> keeper.enter(HeapRoom.IDLE));
          vertx.setPeriodic(TICK_MILLIS, _ -> keeper.aside(keeper::tick));
          vertx.setPeriodic(
              PAGES_MILLIS, _ -> keeper.aside(() -> keeper.pages.letGo(FILE_KILOBYTES)));
        });
  }

  private void aside(Runnable work) {
    vertx
        .executeBlocking(
            () -> {
              work.run();
              return true;
            })
        .onFailure(failure -> LOG.log(System.Logger.Level.WARNING, "giving back memory", failure));
  }

  private void tick() {
    long before = collections;
    collections = count();
    quiet = collections - before <= HeapRoom.QUIET ? quiet + 1 : 0;
    HeapRoom next = room.after(collections - before, quiet);
    if (next == HeapRoom.ACTIVE) {
      room = next;
    } else if (next != room) {
      enter(next);
    }
  }

  private void enter(HeapRoom next) {
    room = next;
    if (young != null) {
      // The smaller one may never be above the larger one.
      boolean up = next == HeapRoom.LOADED;
      flags.setVMOption(
          up ? "MaxHeapFreeRatio" : "MinHeapFreeRatio",
          String.valueOf(up ? next.maxFree() : next.minFree()));
      flags.setVMOption(
          up ? "MinHeapFreeRatio" : "MaxHeapFreeRatio",
          String.valueOf(up ? next.minFree() : next.maxFree()));
    }
    System.gc(); // Generations are measured anew at the end of a full collection only.
    collections = count();
  }

  private long count() {
    return young == null ? 0 : young.getCollectionCount();
  }
}
