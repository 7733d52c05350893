package io.hostmesh.agent.balance;

import io.hostmesh.agent.balance.Members.Candidate;
import io.hostmesh.agent.discovery.Endpoint;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which instance a session belongs to. A session's name is a digest of its instance's name: the
 * same on all hosts and after every restart, so that nothing is kept of any session. It does not
 * show the host, but who guesses its name and the instance's can check that. Immutable.
 */
public final class Sessions {
  private static final int BYTES = 16;

  private final Map<String, Entry> byName = new HashMap<>();

  Sessions(List<Level> levels) {
    for (Level level : levels) {
      for (Entry entry : level.listed()) {
        byName.put(name(entry.candidate().endpoint()), entry);
      }
    }
  }

  /** The instance of a session; null where it is gone, or not well. */
  @Nullable Candidate kept(String session, long nowNanos) {
    Entry entry = byName.get(session);
    return entry != null && entry.passes() && !entry.ejected(nowNanos) ? entry.candidate() : null;
  }

  /** The session of an instance. */
  public static String name(Endpoint endpoint) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(
          (endpoint.service().full() + "/" + endpoint.node() + "/" + endpoint.instance())
              .getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest.digest(), 0, BYTES);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
