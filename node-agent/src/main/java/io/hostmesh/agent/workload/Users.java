package io.hostmesh.agent.workload;

/** Users of this host. */
public final class Users {
  private Users() {}

  /**
   * A user's number, by name or number. Blocks.
   *
   * @throws IllegalArgumentException where there is none
   */
  public static int uid(String user) {
    return HostNames.number("user", user);
  }
}
