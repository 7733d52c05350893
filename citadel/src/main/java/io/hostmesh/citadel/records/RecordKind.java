package io.hostmesh.citadel.records;

import com.google.protobuf.Message;
import com.google.protobuf.Parser;
import io.hostmesh.api.v1.CitadelReport;
import io.hostmesh.api.v1.Entitlement;
import io.hostmesh.api.v1.JwtKeysRecord;
import io.hostmesh.api.v1.LedgerHead;
import io.hostmesh.api.v1.NodeRecord;
import io.hostmesh.api.v1.RevocationList;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import java.util.regex.Pattern;

/**
 * What there is to know about a kind of signed records.
 *
 * @param what its name in messages
 * @param prefix where it stands in KV; the rest of a key is the record's name, a node's
 * @param example any message of the kind
 * @param again for signing anew, when what signed it before is to go
 */
public record RecordKind<T extends Message>(
    String what,
    String prefix,
    T example,
    Parser<T> parser,
    Function<T, String> trustDomainOf,
    Function<T, String> nameOf,
    ToLongFunction<T> versionOf,
    ToLongFunction<T> signedAtOf,
    Again<T> again) {

  /** Makes the same statement anew. */
  @FunctionalInterface
  public interface Again<T> {
    T of(T message, long version, long signedAtEpochSecond);
  }

  private static final Pattern NAME = Pattern.compile("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?");

  /** Which services a node may claim. */
  public static final RecordKind<Entitlement> ENTITLEMENTS =
      new RecordKind<>(
          "entitlement",
          "hostmesh/entitlements/",
          Entitlement.getDefaultInstance(),
          Entitlement.parser(),
          Entitlement::getTrustDomain,
          Entitlement::getNode,
          Entitlement::getVersion,
          Entitlement::getSignedAtEpochSecond,
          (message, version, at) ->
              message.toBuilder().setVersion(version).setSignedAtEpochSecond(at).build());

  /** Which machine a node's name belongs to. */
  public static final RecordKind<NodeRecord> NODES =
      new RecordKind<>(
          "node record",
          "hostmesh/nodes/",
          NodeRecord.getDefaultInstance(),
          NodeRecord.parser(),
          NodeRecord::getTrustDomain,
          NodeRecord::getNode,
          NodeRecord::getVersion,
          NodeRecord::getSignedAtEpochSecond,
          (message, version, at) ->
              message.toBuilder().setVersion(version).setSignedAtEpochSecond(at).build());

  /** Who was revoked: one record, whose name is {@link #LIST}. */
  public static final RecordKind<RevocationList> REVOCATIONS =
      new RecordKind<>(
          "list of revocations",
          "hostmesh/revocations/",
          RevocationList.getDefaultInstance(),
          RevocationList.parser(),
          RevocationList::getTrustDomain,
          RevocationList::getName,
          RevocationList::getVersion,
          RevocationList::getSignedAtEpochSecond,
          (message, version, at) ->
              message.toBuilder().setVersion(version).setSignedAtEpochSecond(at).build());

  /** The name of the one list of revocations. */
  public static final String LIST = "list";

  /** How things are at each citadel. */
  public static final RecordKind<CitadelReport> CITADELS =
      new RecordKind<>(
          "report of citadel",
          "hostmesh/citadels/",
          CitadelReport.getDefaultInstance(),
          CitadelReport.parser(),
          CitadelReport::getTrustDomain,
          CitadelReport::getName,
          CitadelReport::getVersion,
          CitadelReport::getSignedAtEpochSecond,
          (message, version, at) ->
              message.toBuilder().setVersion(version).setSignedAtEpochSecond(at).build());

  /** How far each citadel's ledger has come; a record's name is the citadel's. */
  public static final RecordKind<LedgerHead> LEDGERS =
      new RecordKind<>(
          "head of a ledger",
          "hostmesh/ledgers/",
          LedgerHead.getDefaultInstance(),
          LedgerHead.parser(),
          LedgerHead::getTrustDomain,
          LedgerHead::getName,
          LedgerHead::getVersion,
          LedgerHead::getSignedAtEpochSecond,
          (message, version, at) ->
              message.toBuilder().setVersion(version).setSignedAtEpochSecond(at).build());

  /** With which keys each citadel signs JWT-SVIDs; a record's name is the citadel's. */
  public static final RecordKind<JwtKeysRecord> JWT_KEYS =
      new RecordKind<>(
          "list of JWT keys",
          "hostmesh/jwt-keys/",
          JwtKeysRecord.getDefaultInstance(),
          JwtKeysRecord.parser(),
          JwtKeysRecord::getTrustDomain,
          JwtKeysRecord::getName,
          JwtKeysRecord::getVersion,
          JwtKeysRecord::getSignedAtEpochSecond,
          (message, version, at) ->
              message.toBuilder().setVersion(version).setSignedAtEpochSecond(at).build());

  boolean isName(String text) {
    return NAME.matcher(text).matches();
  }

  String trustDomain(T message) {
    return trustDomainOf.apply(message);
  }

  String name(T message) {
    return nameOf.apply(message);
  }

  long version(T message) {
    return versionOf.applyAsLong(message);
  }

  long signedAt(T message) {
    return signedAtOf.applyAsLong(message);
  }
}
