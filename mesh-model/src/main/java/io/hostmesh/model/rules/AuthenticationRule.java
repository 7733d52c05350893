package io.hostmesh.model.rules;

import io.hostmesh.model.hocon.Origin;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Whose word is taken on the end users of requests. All rules whose scope holds a service are taken
 * together: the issuers of all, and a token is required where any requires one.
 *
 * @param issuers whose tokens are believed
 * @param required whether a request without a token is refused; one with a bad token always is
 * @param places where tokens are looked for
 */
public record AuthenticationRule(
    Scope scope,
    List<JwtIssuer> issuers,
    boolean required,
    Set<JwtIssuer.Place> places,
    Origin origin)
    implements Rule {
  public AuthenticationRule {
    issuers = List.copyOf(issuers);
    places = Set.copyOf(places);
  }

  public AuthenticationRule(Scope scope, List<JwtIssuer> issuers, boolean required, Origin origin) {
    this(scope, issuers, required, places(issuers), origin);
  }

  /** What holds in place of a document that cannot be read: no token is believed. */
  public static AuthenticationRule standIn(Scope scope, Origin origin) {
    return new AuthenticationRule(scope, List.of(), true, origin);
  }

  private static Set<JwtIssuer.Place> places(List<JwtIssuer> issuers) {
    Set<JwtIssuer.Place> places = new LinkedHashSet<>();
    issuers.forEach(issuer -> places.add(issuer.place()));
    return places;
  }

  @Override
  public RuleKind kind() {
    return RuleKind.AUTHENTICATION;
  }
}
