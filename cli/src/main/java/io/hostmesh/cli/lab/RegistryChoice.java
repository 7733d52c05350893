package io.hostmesh.cli.lab;

/** Which registry the lab's mesh lives on. */
sealed interface RegistryChoice {
  /** The embedded one. */
  record Embedded() implements RegistryChoice {}

  /** A Consul server of the lab's own, and a Consul agent on each host. */
  record Consul() implements RegistryChoice {}

  /** A Consul that runs outside of the lab, reached through a relay. */
  record ConsulAt(String host, int port) implements RegistryChoice {}

  /** As the command line has it. */
  default String text() {
    return switch (this) {
      case Embedded() -> "embedded";
      case Consul() -> "consul";
      case ConsulAt(String host, int port) -> "consul=" + host + ":" + port;
    };
  }

  /**
   * @throws IllegalArgumentException where it is none of the forms
   */
  static RegistryChoice parse(String text) {
    if (text.equals("embedded")) {
      return new Embedded();
    }
    if (text.equals("consul")) {
      return new Consul();
    }
    int colon = text.lastIndexOf(':');
    if (text.startsWith("consul=") && colon > "consul=".length()) {
      String host = text.substring("consul=".length(), colon).replaceAll("^\\[|\\]$", "");
      try {
        int port = Integer.parseInt(text.substring(colon + 1));
        if (port >= 1 && port <= 65535) {
          return new ConsulAt(host, port);
        }
      } catch (NumberFormatException e) {
        // Refused below.
      }
    }
    throw new IllegalArgumentException(
        "\"" + text + "\" is not a registry: use embedded, consul or consul=HOST:PORT");
  }
}
