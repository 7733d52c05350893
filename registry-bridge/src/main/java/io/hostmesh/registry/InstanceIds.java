package io.hostmesh.registry;

import io.hostmesh.model.Instance;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The short id that an instance has in the mesh. Pilot derives it from the catalog, and the agent
 * that adopted the service from its own configuration: both by this rule, so that they agree.
 */
public final class InstanceIds {
  private static final Pattern LABEL = Pattern.compile("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?");

  private InstanceIds() {}

  /**
   * What the metadata says ({@link Instance#META_INSTANCE}), else {@link #of(String)}.
   *
   * @param consulId the service's id in Consul, unique on its node
   */
  public static String of(String consulId, Map<String, String> meta) {
    String said = meta.get(Instance.META_INSTANCE);
    return said != null && LABEL.matcher(said).matches() ? said : of(consulId);
  }

  /** The id itself where it is one DNS label, else {@code i-} and 48 bits of its SHA-256. */
  public static String of(String consulId) {
    if (LABEL.matcher(consulId).matches()) {
      return consulId;
    }
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(consulId.getBytes(StandardCharsets.UTF_8));
      return "i-" + HexFormat.of().formatHex(hash, 0, 6);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
