package io.hostmesh.runtime.identity;

import io.hostmesh.model.hocon.Section;
import io.hostmesh.runtime.HostPort;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * How a pilot or an agent gets its identity: the object {@code citadel} of its configuration.
 *
 * @param addresses {@code address}: one or several {@code host:port}, asked in turn
 * @param token {@code token}: the join token; only used while there is no identity on disk
 * @param tokenFile {@code token-file}: a file with the token, read when it is needed
 * @param attestor how this host proves itself where it has no token, {@code x509pop}
 * @param timeout {@code timeout}: how long one request may take
 */
public record CitadelSettings(
    List<HostPort> addresses,
    Optional<String> token,
    Optional<Path> tokenFile,
    Optional<NodeAttestor> attestor,
    Duration timeout) {
  public static final String DEFAULT_ADDRESS = "127.0.0.1:15010";

  public CitadelSettings {
    addresses = List.copyOf(addresses);
  }

  /**
   * Reads the object {@code citadel} of an agent, which has more ways to prove itself than a pilot.
   *
   * @throws io.hostmesh.model.hocon.HoconException where a value cannot be used
   */
  public static CitadelSettings ofNode(Section section) {
    return read(section, X509Pop.read(section.section("x509pop")).map(NodeAttestor.class::cast));
  }

  /**
   * Reads the object {@code citadel}.
   *
   * @throws io.hostmesh.model.hocon.HoconException where a value cannot be used
   */
  public static CitadelSettings read(Section section) {
    return read(section, Optional.empty());
  }

  private static CitadelSettings read(Section section, Optional<NodeAttestor> attestor) {
    List<String> addresses = section.strings("address");
    Optional<String> token = section.optionalString("token");
    Optional<Path> tokenFile = section.optionalValue("token-file", Path::of);
    if (token.isPresent() && tokenFile.isPresent()) {
      throw section.refuse("token-file", "is set beside token; keep one of them");
    }
    Duration timeout = section.duration("timeout", Duration.ofSeconds(5));
    if (timeout.compareTo(Duration.ofMillis(100)) < 0) {
      throw section.refuse("timeout", "is shorter than 100ms");
    }
    return new CitadelSettings(
        (addresses.isEmpty() ? List.of(DEFAULT_ADDRESS) : addresses)
            .stream().map(address -> address(section, address)).toList(),
        token,
        tokenFile,
        attestor,
        timeout);
  }

  private static HostPort address(Section section, String text) {
    try {
      HostPort address = HostPort.parse(text);
      if (address.port() == 0) {
        throw section.refuse("address", "port 0 cannot be called");
      }
      return address;
    } catch (IllegalArgumentException e) {
      throw section.refuse("address", String.valueOf(e.getMessage()));
    }
  }

  /** Never the token. */
  @Override
  public String toString() {
    return "citadel at " + addresses;
  }
}
