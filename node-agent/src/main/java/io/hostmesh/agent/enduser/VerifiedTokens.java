package io.hostmesh.agent.enduser;

import io.hostmesh.model.rules.JwtIssuer;
import java.time.Instant;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Tokens that were verified, as many as there is room for. Any thread. */
final class VerifiedTokens {
  /** Of all tokens together; when they are more, all are verified anew. */
  private static final int MAX_CHARACTERS = 4 << 20;

  private final ConcurrentHashMap<String, Entry> entries = new ConcurrentHashMap<>();
  private final AtomicInteger characters = new AtomicInteger();

  /**
   * @param end when it holds no more
   * @param ring with which it was verified; other keys of the issuer are another ring
   */
  record Entry(
      EndUsers.Finding.Known known,
      JwtIssuer by,
      JwtIssuer.Place place,
      KeyRing ring,
      Instant end) {}

  @Nullable Entry get(String token) {
    return entries.get(token);
  }

  void put(String token, Entry entry) {
    if (characters.get() + token.length() > MAX_CHARACTERS) {
      entries.clear();
      characters.set(0);
    }
    if (entries.put(token, entry) == null) {
      characters.addAndGet(token.length());
    }
  }
}
