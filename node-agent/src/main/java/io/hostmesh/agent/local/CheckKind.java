package io.hostmesh.agent.local;

import java.util.List;

/** How an instance is asked whether it is well. */
public sealed interface CheckKind {
  /**
   * {@code GET} of a path over HTTP/1.1; any 2xx is well.
   *
   * @param path begins with a slash
   */
  record Http(String path) implements CheckKind {
    /**
     * @throws IllegalArgumentException where the path does not begin with a slash
     */
    public Http {
      if (!path.startsWith("/")) {
        throw new IllegalArgumentException("the path \"" + path + "\" does not begin with /");
      }
    }

    @Override
    public String toString() {
      return "http " + path;
    }
  }

  /** A connection is accepted. */
  record Tcp() implements CheckKind {
    @Override
    public String toString() {
      return "tcp";
    }
  }

  /**
   * The gRPC health protocol (grpc.health.v1.Health/Check) says SERVING.
   *
   * @param service the name asked for; empty for the server as a whole
   */
  record Grpc(String service) implements CheckKind {
    @Override
    public String toString() {
      return service.isEmpty() ? "grpc" : "grpc " + service;
    }
  }

  /**
   * A command of the agent's user ends with status 0.
   *
   * @param command the program and its arguments; no shell
   */
  record Command(List<String> command) implements CheckKind {
    /**
     * @throws IllegalArgumentException where it is empty
     */
    public Command {
      command = List.copyOf(command);
      if (command.isEmpty()) {
        throw new IllegalArgumentException("the command is empty");
      }
    }

    @Override
    public String toString() {
      return "command " + command.getFirst();
    }
  }
}
