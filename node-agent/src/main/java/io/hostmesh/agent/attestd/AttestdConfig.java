package io.hostmesh.agent.attestd;

import io.hostmesh.model.hocon.Section;
import java.nio.file.Path;

/**
 * The helper's configuration; {@code config/attestd.conf} describes every key.
 *
 * @param socket {@code socket}: where it is asked
 * @param agentUser {@code agent-user}: who may ask beside root, a user's name or number
 */
public record AttestdConfig(Path socket, String agentUser) {
  /** Where agents ask unless told otherwise. */
  public static final Path DEFAULT_SOCKET = Path.of("/run/hostmesh-attestd/attestd.sock");

  /**
   * Reads the helper's own keys.
   *
   * @throws io.hostmesh.model.hocon.HoconException where a value cannot be used
   */
  public static AttestdConfig read(Section section) {
    return new AttestdConfig(
        section.value("socket", Path::of, DEFAULT_SOCKET),
        section.string("agent-user", "hostmesh-agent"));
  }
}
