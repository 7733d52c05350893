package io.hostmesh.citadel.rotate;

import io.hostmesh.api.v1.CitadelReport;
import io.hostmesh.citadel.authority.Authority;
import io.hostmesh.citadel.bundle.Holders;
import io.hostmesh.citadel.ledger.IssuedBook;
import io.hostmesh.citadel.records.SignedRecords;
import io.hostmesh.runtime.tls.KeyIds;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What the citadels of a mesh tell each other, signed, in the registry: who stands under which root
 * there. Safe for any thread; {@link #report} blocks.
 */
public final class Citadels {
  /** A citadel that said nothing for so long is gone, or says so in the status. */
  private static final Duration SILENCE = Duration.ofMinutes(15);

  private static final Duration REPEAT = Duration.ofMinutes(5);
  private static final int NAMED = 100;

  private final String self;
  private final Authority authority;
  private final SignedRecords<CitadelReport> records;
  private final IssuedBook issued;
  private final Holders holders;
  private final InstantSource clock;
  private Optional<CitadelReport> last = Optional.empty();

  /**
   * @param self this citadel's own name among them
   */
  public Citadels(
      String self,
      Authority authority,
      SignedRecords<CitadelReport> records,
      IssuedBook issued,
      Holders holders,
      InstantSource clock) {
    this.self = self;
    this.authority = authority;
    this.records = records;
    this.issued = issued;
    this.holders = holders;
    this.clock = clock;
  }

  public String self() {
    return self;
  }

  /** Says how things are here, where that has changed or was said long ago. */
  public synchronized void report() {
    CitadelReport now = current();
    boolean isNews =
        last.map(
                before ->
                    !now.equals(
                            before.toBuilder().clearVersion().clearSignedAtEpochSecond().build())
                        || age(before).compareTo(REPEAT) > 0)
            .orElse(true);
    if (isNews) {
      last =
          Optional.of(
              records.update(
                  self,
                  (_, version) ->
                      now.toBuilder()
                          .setVersion(version)
                          .setSignedAtEpochSecond(clock.instant().getEpochSecond())
                          .build()));
    }
  }

  private CitadelReport current() {
    CitadelReport.Builder report =
        CitadelReport.newBuilder()
            .setTrustDomain(authority.trustDomain())
            .setName(self)
            .setIssuingRoot(authority.issuingRoot())
            .setIntermediate(authority.intermediate().getSerialNumber().toString(16));
    // Who has which root, and uses what, is of interest while there is more than one.
    if (authority.state().roots().size() > 1) {
      X509Certificate wanted = authority.state().nextRoot().orElseGet(authority::root);
      report.setWantedRoot(KeyIds.fingerprint(wanted));
      report.addAllHolders(holders.of(report.getWantedRoot()));
      authority
          .state()
          .retiring()
          .ifPresent(
              retiring ->
                  issued.inUse().stream()
                      .filter(certificate -> certificate.isUnder(retiring))
                      .map(IssuedBook.Certificate::holder)
                      .sorted()
                      .limit(NAMED)
                      .forEach(report::addUsers));
    }
    return report.build();
  }

  /** Who keeps a root by the word of other citadels. */
  SortedSet<String> holding(String fingerprint) {
    SortedSet<String> holding = new TreeSet<>();
    others().values().stream()
        .filter(report -> report.getWantedRoot().equals(fingerprint))
        .forEach(report -> holding.addAll(report.getHoldersList()));
    return holding;
  }

  /** What of other citadels stands under a root that is to go. */
  List<String> under(String fingerprint) {
    List<String> lines = new ArrayList<>();
    others()
        .forEach(
            (name, report) -> {
              if (age(report).compareTo(SILENCE) > 0) {
                return;
              }
              if (report.getIssuingRoot().equals(fingerprint)) {
                lines.add("the intermediate of citadel " + name + " is of the old root");
              }
              report.getUsersList().stream()
                  .map(user -> user + " uses a certificate of the old root, by citadel " + name)
                  .forEach(lines::add);
            });
    return lines;
  }

  /** The reports of the others, by name. */
  public SortedMap<String, CitadelReport> others() {
    SortedMap<String, CitadelReport> others = new TreeMap<>(records.all());
    others.remove(self);
    return others;
  }

  /** How long ago a citadel reported. */
  public Duration age(CitadelReport report) {
    return Duration.between(
        Instant.ofEpochSecond(report.getSignedAtEpochSecond()), clock.instant());
  }
}
