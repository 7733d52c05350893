package io.hostmesh.citadel;

import io.hostmesh.citadel.bundle.BundleFeed;
import io.hostmesh.citadel.ledger.Ledger;
import io.hostmesh.citadel.records.SignedRecords;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;

/** Citadel's meters that show a state. */
final class CitadelMeters {
  private CitadelMeters() {}

  static void register(
      MeterRegistry registry,
      Ledger ledger,
      SignedRecords<?> entitlements,
      SignedRecords<?> nodes,
      BundleFeed bundle) {
    Gauge.builder("hostmesh_citadel_ledger_intact", () -> ledger.problem().isEmpty() ? 1 : 0)
        .description("0 where the ledger was changed or cannot be written")
        .register(registry);
    Gauge.builder("hostmesh_citadel_ledger_entries", () -> ledger.chain().entries())
        .description("Lines in the ledger")
        .register(registry);
    Gauge.builder(
            "hostmesh_citadel_records_refused",
            () -> entitlements.alarms().size() + nodes.alarms().size())
        .description("Statements in the registry that are not citadel's or were rolled back")
        .register(registry);
    Gauge.builder("hostmesh_citadel_nodes", () -> nodes.all().size())
        .description("Nodes that have joined")
        .register(registry);
    Gauge.builder(
            "hostmesh_citadel_registry_connected",
            () -> entitlements.registryProblem().isEmpty() ? 1 : 0)
        .description("1 while the registry answers")
        .register(registry);
    Gauge.builder("hostmesh_citadel_bundle_followers", bundle::followers)
        .description("Streams of the trust bundle")
        .register(registry);
  }
}
