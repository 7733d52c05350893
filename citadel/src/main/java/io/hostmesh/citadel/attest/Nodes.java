package io.hostmesh.citadel.attest;

import io.hostmesh.api.v1.NodeRecord;
import io.hostmesh.citadel.Refusal;
import io.hostmesh.citadel.authority.Authority;
import io.hostmesh.citadel.records.SignedRecords;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.SortedMap;

/**
 * Which machine each node's name belongs to: the one whose key joined with it. Safe for any thread;
 * {@link #admit} blocks.
 */
public final class Nodes {
  private final SignedRecords<NodeRecord> records;
  private final Authority authority;
  private final InstantSource clock;

  public Nodes(SignedRecords<NodeRecord> records, Authority authority, InstantSource clock) {
    this.records = records;
    this.authority = authority;
    this.clock = clock;
  }

  public SortedMap<String, NodeRecord> all() {
    return records.all();
  }

  /**
   * A machine that wants a name.
   *
   * @param key its fingerprint
   * @param address that it asks from
   * @param token the id of its token; empty where it has none
   * @param attested what it proved instead, in words
   */
  public record Machine(String key, String address, String token, String attested) {}

  /**
   * @throws Refusal where the name belongs to another key and the token does not say to replace it
   */
  public void checkFree(String node, Machine machine, boolean replace) {
    records
        .get(node)
        .filter(record -> !replace && !record.getKey().equals(machine.key()))
        .ifPresent(record -> refuseTaken(node, record));
  }

  private static void refuseTaken(String node, NodeRecord record) {
    throw new Refusal(
        Refusal.Reason.NAME_TAKEN,
        "the node name "
            + node
            + " belongs to another machine; choose another name, or make a token with --replace "
            + "where this one takes its place",
        "which belongs to the machine that joined"
            + (record.getAddress().isEmpty() ? "" : " from " + record.getAddress())
            + " at "
            + Instant.ofEpochSecond(record.getSignedAtEpochSecond()));
  }

  /** Records that the name belongs to this key now. */
  public void admit(String node, Machine machine, boolean replace) {
    if (records.get(node).filter(record -> record.getKey().equals(machine.key())).isPresent()) {
      return;
    }
    records.update(
        node,
        (before, version) -> {
          if (before.isPresent() && !replace && !before.get().getKey().equals(machine.key())) {
            refuseTaken(node, before.get());
          }
          return NodeRecord.newBuilder()
              .setTrustDomain(authority.trustDomain())
              .setNode(node)
              .setKey(machine.key())
              .setVersion(version)
              .setSignedAtEpochSecond(clock.instant().getEpochSecond())
              .setTokenId(machine.token())
              .setAddress(machine.address())
              .setAttested(machine.attested())
              .build();
        });
  }

  /**
   * @throws Refusal where the name belongs to another machine by now, or to none
   */
  public void checkCurrent(String node, String key) {
    Optional<NodeRecord> record = records.get(node);
    if (record.isEmpty()) {
      throw new Refusal(
          Refusal.Reason.NOT_ACCEPTED,
          "citadel has no record of the node " + node + "; join again with a new token");
    }
    if (!record.get().getKey().equals(key)) {
      throw new Refusal(
          Refusal.Reason.NOT_ACCEPTED,
          "the node " + node + " was replaced by another machine; join again with a new token");
    }
  }
}
