package io.hostmesh.agent.authz;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One request as access rules see it. Made only where the service called has rules.
 *
 * @param peer who sends it
 * @param port the service's port that is called
 * @param method as it came: methods are case-sensitive (RFC 9110 section 9.1)
 * @param path as {@link RequestPath#read} has it, where the table {@linkplain
 *     AccessTable#readsPaths reads paths}
 * @param host the authority that the request names, with or without a port; null where it names
 *     none
 * @param user on whose behalf it is made; empty where no token was verified
 */
public record Request(
    Peer peer,
    int port,
    String method,
    String path,
    @Nullable String host,
    Fields headers,
    Optional<EndUser> user) {
  Request withPath(String other) {
    return new Request(peer, port, method, other, host, headers, user);
  }

  /** The headers of a request. */
  @FunctionalInterface
  public interface Fields {
    /** No headers at all. */
    Fields NONE = _ -> List.of();

    /** All values of a header, one for each line; empty where there is none. */
    List<String> values(String lowerCaseName);
  }
}
