package io.hostmesh.agent.authz;

import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The person or program on whose behalf a request is made, as a verified token says. Beside the
 * caller, which is the service that sends the request. Immutable, for any thread.
 *
 * @param issuer who signed the token, as it writes itself ({@code iss})
 * @param subject {@code sub}; empty where the token has none
 * @param audiences {@code aud}
 * @param claims every claim by its name, and claims inside of objects by their names joined with
 *     dots ({@code realm.roles}); each value of a list is one, numbers and truth values are as JSON
 *     writes them
 */
public record EndUser(
    String issuer, String subject, Set<String> audiences, Map<String, List<String>> claims) {
  public EndUser {
    audiences = Set.copyOf(audiences);
    claims = Map.copyOf(claims);
  }
}
