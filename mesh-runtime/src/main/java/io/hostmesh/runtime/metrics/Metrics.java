package io.hostmesh.runtime.metrics;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;

/**
 * A daemon's meters. Safe for any thread; meters are made once, when the daemon is put together,
 * and only counted on afterwards.
 */
public final class Metrics {
  /** The media type of {@link #page()} (Prometheus text format 0.0.4). */
  public static final String MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8";

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

  /**
   * @param daemon the label {@code daemon} of the version's meter, for instance "pilot"
   */
  public Metrics(String daemon, String version) {
    Gauge.builder("hostmesh_build", () -> 1)
        .description("Always 1; its labels say what runs")
        .tag("daemon", daemon)
        .tag("version", version)
        .register(registry);
    MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
    Gauge.builder("hostmesh_jvm_heap_used", () -> memory.getHeapMemoryUsage().getUsed())
        .description("Heap in use")
        .baseUnit("bytes")
        .register(registry);
    Gauge.builder("hostmesh_jvm_direct_used", Metrics::directBytes)
        .description("Memory in direct buffers that the JDK counts")
        .baseUnit("bytes")
        .register(registry);
    Gauge.builder("hostmesh_jvm_gc_time", Metrics::gcSeconds)
        .description("Time spent in garbage collection since the start")
        .baseUnit("seconds")
        .register(registry);
    Gauge.builder(
            "hostmesh_jvm_threads", () -> ManagementFactory.getThreadMXBean().getThreadCount())
        .description("Platform threads")
        .register(registry);
    Gauge.builder(
            "hostmesh_uptime", () -> ManagementFactory.getRuntimeMXBean().getUptime() / 1000.0)
        .description("Time since the process began")
        .baseUnit("seconds")
        .register(registry);
  }

  public MeterRegistry registry() {
    return registry;
  }

  /** All meters in Prometheus' text format. Takes milliseconds: not for the hot path. */
  public String page() {
    return registry.scrape();
  }

  private static double directBytes() {
    return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
        .filter(pool -> pool.getName().equals("direct"))
        .mapToLong(BufferPoolMXBean::getMemoryUsed)
        .sum();
  }

  private static double gcSeconds() {
    return ManagementFactory.getGarbageCollectorMXBeans().stream()
            .mapToLong(GarbageCollectorMXBean::getCollectionTime)
            .sum()
        / 1000.0;
  }
}
