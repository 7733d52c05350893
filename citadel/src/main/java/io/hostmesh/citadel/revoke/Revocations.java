package io.hostmesh.citadel.revoke;

import io.hostmesh.api.v1.Revocation;
import io.hostmesh.api.v1.RevocationList;
import io.hostmesh.citadel.Refusal;
import io.hostmesh.citadel.authority.Authority;
import io.hostmesh.citadel.authority.Lifetimes;
import io.hostmesh.citadel.ledger.IssuedBook;
import io.hostmesh.citadel.records.RecordKind;
import io.hostmesh.citadel.records.SignedRecords;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.tls.DenyList;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.UnaryOperator;

/**
 * Emergency revocations. One has two sides: nothing more is issued to whom it means, until it ends
 * or is undone; and what was issued before is denied by everyone in the mesh until it has expired.
 * The list which all agents hold has both, since neighbours on a host ask for no certificate; it
 * stays short all the same. Safe for any thread; changes block.
 */
public final class Revocations {
  private static final Duration CLOCKS = Duration.ofMinutes(5);
  private static final int NAME_BYTES = 3;

  private final SignedRecords<RevocationList> records;
  private final Authority authority;
  private final IssuedBook issued;
  private final Lifetimes lifetimes;
  private final InstantSource clock;
  private final SecureRandom random;

  public Revocations(
      SignedRecords<RevocationList> records,
      Authority authority,
      IssuedBook issued,
      Lifetimes lifetimes,
      InstantSource clock,
      SecureRandom random) {
    this.records = records;
    this.authority = authority;
    this.issued = issued;
    this.lifetimes = lifetimes;
    this.clock = clock;
    this.random = random;
    records.onChange(this::tell);
    tell();
  }

  /**
   * What an operator wants: a node, a service, a service on a node, or one certificate.
   *
   * @param serial hexadecimal
   * @param lasting how long nothing is issued; empty until it is undone
   */
  public record Wish(
      Optional<String> node,
      Optional<ServiceName> service,
      Optional<String> serial,
      Optional<Duration> lasting,
      String reason,
      String operator) {}

  /** What holds now, oldest first. */
  public List<Revocation> all() {
    return records.get(RecordKind.LIST).map(RevocationList::getEntriesList).orElse(List.of());
  }

  /** Revokes, from now on and everywhere. */
  public Revocation add(Wish wish) {
    Instant now = clock.instant();
    byte[] name = new byte[NAME_BYTES];
    random.nextBytes(name);
    Instant denied = now.plus(longest(wish)).plus(CLOCKS);
    Revocation.Builder made =
        Revocation.newBuilder()
            .setName("r" + HexFormat.of().formatHex(name))
            .setNode(wish.node().orElse(""))
            .setService(wish.service().map(ServiceName::full).orElse(""))
            .setSerial(wish.serial().orElse(""))
            .setReason(wish.reason())
            .setOperator(wish.operator())
            .setRevokedAtEpochSecond(now.getEpochSecond())
            .setDeniedUntilEpochSecond(denied.getEpochSecond());
    // A single certificate is replaced; there is nobody to be refused.
    made.setRefusedUntilEpochSecond(
        wish.serial().isPresent()
            ? now.getEpochSecond()
            : wish.lasting().map(time -> now.plus(time).getEpochSecond()).orElse(0L));
    Revocation revocation = withSerials(made.build());
    change(
        entries -> {
          List<Revocation> more = new ArrayList<>(entries);
          more.add(revocation);
          return more;
        });
    return revocation;
  }

  /** How long what was issued before can hold. */
  private Duration longest(Wish wish) {
    if (wish.serial().isPresent()) {
      return issued.unexpired(each -> each.serial().equals(wish.serial().get())).stream()
          .findFirst()
          .map(each -> Duration.between(clock.instant(), each.notAfter()))
          .orElseGet(lifetimes::longestLeaf);
    }
    Duration configured =
        wish.service().isPresent() ? lifetimes.longestService() : lifetimes.longestLeaf();
    // Lifetimes may have been longer when it was issued.
    return issued.unexpired(each -> isMeant(each, wish)).stream()
        .map(each -> Duration.between(clock.instant(), each.notAfter()))
        .reduce(configured, (one, other) -> one.compareTo(other) >= 0 ? one : other);
  }

  private static boolean isMeant(IssuedBook.Certificate certificate, Wish wish) {
    return wish.node().map(certificate.node()::equals).orElse(true)
        && wish.service().map(name -> isOf(certificate.id(), name.full())).orElse(true);
  }

  /**
   * Takes a revocation back: its certificates hold again, and others are issued.
   *
   * @throws UserError where there is none of this name
   */
  public Revocation undo(String name) {
    Revocation gone =
        all().stream()
            .filter(entry -> entry.getName().equals(name))
            .findFirst()
            .orElseThrow(
                () ->
                    new UserError(
                        "there is no revocation " + name + "; see: hostmesh revoke list"));
    change(entries -> entries.stream().filter(each -> !each.getName().equals(name)).toList());
    return gone;
  }

  /** Names certificates that this citadel issued, and forgets what is over. Every few seconds. */
  public void tend() {
    List<Revocation> tended = tended(all());
    if (!tended.equals(all())) {
      change(this::tended);
    }
    tell();
  }

  private List<Revocation> tended(List<Revocation> entries) {
    long now = clock.instant().getEpochSecond();
    return entries.stream()
        .filter(each -> isDenied(each, now) || isRefused(each, now))
        .map(this::withSerials)
        .toList();
  }

  private static boolean isDenied(Revocation entry, long now) {
    return entry.getDeniedUntilEpochSecond() > now;
  }

  private static boolean isRefused(Revocation entry, long now) {
    return entry.getRefusedUntilEpochSecond() == 0 || entry.getRefusedUntilEpochSecond() > now;
  }

  /** What was issued before the revocation; what comes after was meant to come. */
  private Revocation withSerials(Revocation entry) {
    if (entry.getNode().isEmpty()) {
      return entry;
    }
    Optional<String> service = Optional.of(entry.getService()).filter(text -> !text.isEmpty());
    SortedSet<String> serials = new TreeSet<>(entry.getSerialsList());
    issued
        .unexpired(
            each ->
                each.node().equals(entry.getNode())
                    && service.map(name -> isOf(each.id(), name)).orElse(true))
        .forEach(each -> serials.add(each.serial()));
    return serials.size() == entry.getSerialsCount()
        ? entry
        : entry.toBuilder().clearSerials().addAllSerials(serials).build();
  }

  private static boolean isOf(String id, String service) {
    return SpiffeId.parse(id) instanceof SpiffeId.Service named
        && named.name().full().equals(service);
  }

  private void change(UnaryOperator<List<Revocation>> next) {
    records.update(
        RecordKind.LIST,
        (before, version) ->
            RevocationList.newBuilder()
                .setTrustDomain(authority.trustDomain())
                .setName(RecordKind.LIST)
                .setVersion(version)
                .setSignedAtEpochSecond(clock.instant().getEpochSecond())
                .addAllEntries(
                    next.apply(before.map(RevocationList::getEntriesList).orElse(List.of())))
                .build());
  }

  /** The list as agents hold it, to the authority and so into the bundle. */
  private void tell() {
    long now = clock.instant().getEpochSecond();
    long version = records.get(RecordKind.LIST).map(RevocationList::getVersion).orElse(0L);
    authority.denied(
        new DenyList(
            version,
            all().stream()
                .filter(entry -> isDenied(entry, now) || isRefused(entry, now))
                .map(entry -> denial(entry, isDenied(entry, now)))
                .toList()));
  }

  /**
   * @param unexpired whether there may be certificates of before
   */
  private static DenyList.Entry denial(Revocation entry, boolean unexpired) {
    boolean isWhole = entry.getNode().isEmpty() || entry.getService().isEmpty();
    return new DenyList.Entry(
        entry.getName(),
        Optional.of(entry.getNode()).filter(node -> isWhole && !node.isEmpty()),
        Optional.of(entry.getService())
            .filter(service -> isWhole && !service.isEmpty())
            .map(ServiceName::parse),
        isWhole
            ? Optional.empty()
            : Optional.of(
                new DenyList.Placed(entry.getNode(), ServiceName.parse(entry.getService()))),
        entry.getSerial().isEmpty()
            ? Set.copyOf(unexpired ? entry.getSerialsList() : List.of())
            : Set.of(entry.getSerial()),
        entry.getReason(),
        Instant.ofEpochSecond(entry.getDeniedUntilEpochSecond()));
  }

  /**
   * Whether something may be issued.
   *
   * @param service empty where it is the node's own certificate
   * @throws Refusal where it was revoked
   */
  public void check(String node, Optional<ServiceName> service) {
    long now = clock.instant().getEpochSecond();
    for (Revocation entry : all()) {
      boolean means =
          (entry.getNode().isEmpty() || entry.getNode().equals(node))
              && (entry.getService().isEmpty()
                  || service.map(ServiceName::full).filter(entry.getService()::equals).isPresent())
              && entry.getSerial().isEmpty();
      if (means && isRefused(entry, now)) {
        throw new Refusal(
            Refusal.Reason.REVOKED,
            (entry.getService().isEmpty() ? "the node " + node : "the service " + service.get())
                + (entry.getNode().isEmpty() || entry.getService().isEmpty() ? "" : " on " + node)
                + " was revoked ("
                + entry.getName()
                + (entry.getReason().isEmpty() ? "" : ": " + entry.getReason())
                + "); an operator takes that back with: hostmesh revoke undo "
                + entry.getName());
      }
    }
  }

  /**
   * Whether what was shown still counts.
   *
   * @throws Refusal where the certificate was revoked
   */
  public void checkShown(SpiffeId id, X509Certificate leaf) {
    authority
        .roots()
        .denied()
        .denies(id, leaf)
        .ifPresent(
            why -> {
              throw new Refusal(
                  Refusal.Reason.REVOKED,
                  "the certificate of " + id + " " + why + "; join again with a new token");
            });
  }
}
