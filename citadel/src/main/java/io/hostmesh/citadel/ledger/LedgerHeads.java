package io.hostmesh.citadel.ledger;

import io.hostmesh.api.v1.LedgerHead;
import io.hostmesh.citadel.records.SignedRecords;
import io.hostmesh.runtime.UserError;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How far the ledger has come, signed, in the registry, so that whoever has citadel's disk cannot
 * make its ledger forget: a file that was cut, written anew, or restored from a backup contradicts
 * what stands there. One write for all entries of two seconds, since a Raft write for each would be
 * too much. Where the ledger contradicts its head, the head stays as it is until a person accepts
 * it. Safe for any thread; blocks.
 */
public final class LedgerHeads {
  private static final System.Logger LOG = System.getLogger(LedgerHeads.class.getName());
  private static final Duration PAUSE = Duration.ofSeconds(2);

  private final String self;
  private final String trustDomain;
  private final Ledger ledger;
  private final SignedRecords<LedgerHead> records;
  private final InstantSource clock;

  // Guarded by this.
  private Optional<LedgerChain> said = Optional.empty();
  private Instant next = Instant.MIN;
  private boolean contradicted;

  /** The registry knows another ledger than the one that is here. */
  private static final class Contradiction extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Contradiction(String message) {
      super(message);
    }
  }

  /**
   * What reading all files again has shown.
   *
   * @param chain how far they come, or up to the first broken line
   * @param problem why this is not the ledger that it was; empty where it is
   * @param registered what the registry knows of it
   * @param others what it knows of the ledgers of other citadels, by their names
   * @param registryProblem why the registry could not be heard lately
   */
  public record Audit(
      LedgerChain chain,
      Optional<String> problem,
      Optional<LedgerHead> registered,
      SortedMap<String, LedgerHead> others,
      Optional<String> registryProblem) {
    public Audit {
      others = Collections.unmodifiableSortedMap(new TreeMap<>(others));
    }
  }

  /**
   * @param self this citadel's name among several
   * @param records the heads of all citadels' ledgers
   */
  public LedgerHeads(
      String self,
      String trustDomain,
      Ledger ledger,
      SignedRecords<LedgerHead> records,
      InstantSource clock) {
    this.self = self;
    this.trustDomain = trustDomain;
    this.ledger = ledger;
    this.records = records;
    this.clock = clock;
  }

  /**
   * Says how far the ledger has come, where that is news; to be called once a second. The first
   * time, and where somebody else has spoken in this citadel's name, what stands there is compared
   * with the ledger before.
   */
  public synchronized void publish() {
    LedgerChain now = ledger.chain();
    Instant time = clock.instant();
    boolean early = time.isBefore(next) && next.isBefore(time.plus(PAUSE));
    if (contradicted || early || said.filter(now::equals).isPresent()) {
      return;
    }
    next = time.plus(PAUSE);
    try {
      say(now, true);
    } catch (Contradiction e) {
      contradicted = true;
      String why = String.valueOf(e.getMessage());
      ledger.doubt(why);
      LOG.log(
          System.Logger.Level.ERROR,
          why
              + "; find out who wrote to the ledger's files. Its head in the registry stays as it"
              + " is until hostmesh ca audit --accept");
    }
  }

  private void say(LedgerChain now, boolean compare) {
    var _ =
        records.update(
            self,
            (before, version) -> {
              if (compare) {
                before.filter(head -> !isSaid(head)).ifPresent(this::compare);
              }
              return LedgerHead.newBuilder()
                  .setTrustDomain(trustDomain)
                  .setName(self)
                  .setVersion(version)
                  .setSignedAtEpochSecond(clock.instant().getEpochSecond())
                  .setEntries(now.entries())
                  .setHead(now.head())
                  .build();
            });
    said = Optional.of(now);
  }

  private boolean isSaid(LedgerHead head) {
    return said.filter(new LedgerChain(head.getEntries(), head.getHead())::equals).isPresent();
  }

  private void compare(LedgerHead head) {
    try {
      contradiction(head, ledger.hashAfter(head.getEntries()), ledger.chain())
          .ifPresent(
              why -> {
                throw new Contradiction(why);
              });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Optional<String> contradiction(
      LedgerHead head, Optional<String> hash, LedgerChain chain) {
    if (hash.equals(Optional.of(head.getHead()))) {
      return Optional.empty();
    }
    Instant signed = Instant.ofEpochSecond(head.getSignedAtEpochSecond());
    return Optional.of(
        head.getEntries() > chain.entries()
            ? "the ledger was cut: it had %d entries at %s and has %d"
                .formatted(head.getEntries(), signed, chain.entries())
            : "the ledger was written anew: entry %d is not the one that it had at %s"
                .formatted(head.getEntries(), signed));
  }

  /** Reads all files again, and compares them with what the registry knows. */
  public Audit audit() throws IOException {
    LedgerChain known = ledger.chain();
    Optional<LedgerHead> head = records.get(self);
    Map<Long, String> hashes = new HashMap<>();
    LedgerChain.Reading reading =
        ledger.reread(
            entry -> {
              long before = entry.getLong("seq", 0L) - 1;
              if (before == known.entries()
                  || head.filter(h -> h.getEntries() == before).isPresent()) {
                hashes.put(before, entry.getString("prev", ""));
              }
            });
    LedgerChain chain = reading.chain();
    hashes.put(chain.entries(), chain.head());
    SortedMap<String, LedgerHead> others = new TreeMap<>(records.all());
    others.remove(self);
    return new Audit(
        chain,
        reading
            .broken()
            .map(
                broken ->
                    "the ledger was changed: %s, line %d: %s"
                        .formatted(broken.file(), broken.line(), broken.reason()))
            .or(
                () ->
                    head.flatMap(
                        h ->
                            contradiction(
                                h, Optional.ofNullable(hashes.get(h.getEntries())), chain)))
            .or(
                () ->
                    known.head().equals(hashes.get(known.entries()))
                        ? Optional.empty()
                        : Optional.of(
                            "the ledger was cut while citadel runs: %d entries are on disk, of %d"
                                .formatted(chain.entries(), known.entries())))
            .or(ledger::problem),
        head,
        others,
        records.registryProblem().or(() -> Optional.ofNullable(records.alarms().get(self))));
  }

  /**
   * Goes on with the ledger as it is, which says so itself.
   *
   * @throws UserError where its files cannot be gone on with
   */
  public synchronized void accept(String reason, String operator) throws IOException {
    LedgerChain known = ledger.chain();
    Audit audit = audit();
    if (audit.problem().isEmpty()) {
      throw new UserError("nothing is wrong with the ledger: there is nothing to accept");
    }
    if (audit.chain().entries() < known.entries()) {
      throw new UserError(
          audit.problem().get()
              + "; restart citadel, which sets such files aside or goes on from what is left, and"
              + " accept it then");
    }
    JsonObject entry =
        new JsonObject()
            .put("problem", audit.problem().get())
            .put("reason", reason)
            .put("asker", operator);
    audit
        .registered()
        .ifPresent(head -> entry.put("entries", head.getEntries()).put("head", head.getHead()));
    ledger.append("ledger-accepted", entry);
    say(ledger.chain(), false);
    contradicted = false;
    ledger.accept();
  }
}
