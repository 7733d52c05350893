package io.hostmesh.citadel.ledger;

import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.function.Predicate;

/**
 * The certificates that have not expired, as far as this citadel issued them: by the ledger at its
 * start, and by itself ever since. Safe for any thread.
 */
public final class IssuedBook {
  /** As the ledger names the root above a certificate. */
  public static final String ROOT = "root";

  private static final String NODE = "/node/";

  private final InstantSource clock;

  /** Each holder's, the newest last. A queue: one that asks without end costs no more each time. */
  private final Map<String, Deque<Certificate>> byHolder = new ConcurrentHashMap<>();

  public IssuedBook(InstantSource clock) {
    this.clock = clock;
  }

  /**
   * One certificate.
   *
   * @param id its SPIFFE ID
   * @param node the node that has it; empty where it is a pilot's
   * @param holder one place where one certificate at a time is used
   * @param serial hexadecimal
   * @param root how the fingerprint of its root begins; empty where the ledger does not say
   */
  public record Certificate(
      String id, String node, String holder, String serial, Instant notAfter, String root) {
    /** Whether it may stand under a root. */
    public boolean isUnder(String fingerprint) {
      return fingerprint.startsWith(root);
    }
  }

  /** Takes what a line of the ledger says; lines about other things are passed over. */
  public void read(JsonObject entry) {
    String id = entry.getString("id", "");
    String serial = entry.getString("serial", "");
    String notAfter = entry.getString("notAfter", "");
    if (id.isEmpty() || serial.isEmpty() || notAfter.isEmpty()) {
      return;
    }
    String asker = entry.getString("asker", "");
    String node = node(id).isEmpty() ? node(asker) : node(id);
    String holder =
        node.isEmpty() ? id + " of key " + shortened(entry.getString("key", "")) : id + " " + node;
    add(
        new Certificate(
            id, node, holder, serial, Instant.parse(notAfter), entry.getString(ROOT, "")));
  }

  private static String node(String uri) {
    int at = uri.indexOf(NODE);
    return at < 0 ? "" : uri.substring(at + NODE.length());
  }

  private static String shortened(String fingerprint) {
    return fingerprint.substring(0, Math.min(16, fingerprint.length()));
  }

  private void add(Certificate certificate) {
    Instant now = clock.instant();
    if (!certificate.notAfter().isAfter(now)) {
      return;
    }
    byHolder.compute(
        certificate.holder(),
        (_, before) -> {
          Deque<Certificate> kept = before == null ? new ConcurrentLinkedDeque<>() : before;
          kept.addLast(certificate); // First, for those who ask meanwhile: it is never empty.
          Certificate oldest = kept.peekFirst();
          while (oldest != null && !oldest.notAfter().isAfter(now)) {
            kept.removeFirst();
            oldest = kept.peekFirst();
          }
          return kept;
        });
  }

  /** What has not expired, of those that are meant. */
  public List<Certificate> unexpired(Predicate<Certificate> meant) {
    Instant now = clock.instant();
    List<Certificate> found = new ArrayList<>();
    byHolder
        .values()
        .forEach(
            each ->
                each.stream()
                    .filter(certificate -> certificate.notAfter().isAfter(now))
                    .filter(meant)
                    .forEach(found::add));
    return found;
  }

  /** The newest of each holder, of those that have not expired: what is in use. */
  public List<Certificate> inUse() {
    Instant now = clock.instant();
    return byHolder.values().stream()
        .map(Deque::getLast)
        .filter(certificate -> certificate.notAfter().isAfter(now))
        .toList();
  }

  /** Forgets what has expired. To be called now and then. */
  public void sweep() {
    Instant now = clock.instant();
    for (String holder : byHolder.keySet()) {
      byHolder.computeIfPresent(
          holder, (_, kept) -> kept.getLast().notAfter().isAfter(now) ? kept : null);
    }
  }
}
