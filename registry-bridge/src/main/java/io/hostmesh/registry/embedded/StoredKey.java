package io.hostmesh.registry.embedded;

import java.util.Optional;

/**
 * A key of the key-value store (Consul, "KV Store" HTTP API).
 *
 * @param value in Base64, as the API shows it
 * @param session the session that holds the key's lock
 * @param lockIndex how often the lock was acquired
 */
record StoredKey(
    String key,
    String value,
    long flags,
    Optional<String> session,
    long lockIndex,
    long createIndex,
    long modifyIndex) {

  StoredKey at(long index) {
    return new StoredKey(key, value, flags, session, lockIndex, createIndex, index);
  }

  /** Whether both say the same, whenever they were written. */
  boolean sameContent(StoredKey other) {
    return at(0).equals(other.at(0));
  }
}
