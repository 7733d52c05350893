package io.hostmesh.cli;

import io.hostmesh.model.SpiffeId;
import io.hostmesh.model.hocon.Section;
import io.hostmesh.runtime.HostPort;
import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.admin.AdminClient;
import io.hostmesh.runtime.admin.AdminRemote;
import io.hostmesh.runtime.config.ConfigFile;
import io.hostmesh.runtime.identity.OperatorIdentity;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Daemons of other hosts that the command asks as an operator.
 *
 * @param addresses where which part answers at {@code admin.listen}
 * @param identity the operator's folder
 */
record Remote(Map<SpiffeId.Control.Role, HostPort> addresses, Path identity) {
  Remote {
    addresses = Map.copyOf(addresses);
  }

  /** The user's own file, {@code ~/.config/hostmesh/remote.conf}. */
  static Path file(Map<String, String> environment) {
    String config = environment.getOrDefault("XDG_CONFIG_HOME", "");
    return config.isEmpty()
        ? Path.of(environment.getOrDefault("HOME", "/"), ".config/hostmesh/remote.conf")
        : Path.of(config, "hostmesh/remote.conf");
  }

  /** What the user's file says; empty where there is none. */
  static Optional<Remote> of(Path file) {
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    Section section = Section.parse(file.toString(), ConfigFile.text(file));
    Map<SpiffeId.Control.Role, HostPort> addresses = new EnumMap<>(SpiffeId.Control.Role.class);
    for (SpiffeId.Control.Role role : SpiffeId.Control.Role.values()) {
      section
          .optionalValue(text(role), HostPort::parse)
          .ifPresent(address -> addresses.put(role, address));
    }
    Path identity = section.value("identity", Path::of, file.resolveSibling("identity"));
    section.end();
    return Optional.of(new Remote(addresses, identity));
  }

  /**
   * @param texts {@code HOST:PORT}, for whatever is asked, or {@code pilot=HOST:PORT} and {@code
   *     citadel=HOST:PORT}
   * @throws UserError where one is neither
   */
  static Remote of(List<String> texts, Path identity) {
    Map<SpiffeId.Control.Role, HostPort> addresses = new EnumMap<>(SpiffeId.Control.Role.class);
    for (String text : texts) {
      String[] parts = text.split("=", 2);
      try {
        HostPort address = HostPort.parse(parts[parts.length - 1]);
        for (SpiffeId.Control.Role role : SpiffeId.Control.Role.values()) {
          if (parts.length == 1 || parts[0].equals(text(role))) {
            addresses.put(role, address);
          }
        }
      } catch (IllegalArgumentException e) {
        throw new UserError("--remote: " + e.getMessage(), e);
      }
    }
    if (addresses.isEmpty()) {
      throw new UserError("--remote: use HOST:PORT, pilot=HOST:PORT or citadel=HOST:PORT");
    }
    return new Remote(addresses, identity);
  }

  /**
   * @throws UserError where it is not known where this part is, or the identity cannot be used
   */
  AdminClient client(SpiffeId.Control.Role role) {
    HostPort address = addresses.get(role);
    if (address == null) {
      throw new UserError(
          "no address of "
              + text(role)
              + " is known; give it: --remote "
              + text(role)
              + "=HOST:PORT");
    }
    InstantSource clock = InstantSource.system();
    return new AdminRemote(address, role, OperatorIdentity.read(identity, clock.instant()), clock);
  }

  private static String text(SpiffeId.Control.Role role) {
    return role.name().toLowerCase(Locale.ROOT);
  }
}
