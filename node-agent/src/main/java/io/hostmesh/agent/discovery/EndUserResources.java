package io.hostmesh.agent.discovery;

import io.hostmesh.api.v1.ExternalAuthorization;
import io.hostmesh.api.v1.RequestAuthentication;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.hocon.Origin;
import io.hostmesh.model.rules.AuthenticationRule;
import io.hostmesh.model.rules.ExternalAuthorizationRule;
import io.hostmesh.model.rules.ExternalAuthorizationRule.Authoriser;
import io.hostmesh.model.rules.JwtIssuer;
import io.hostmesh.model.rules.PathPattern;
import io.hostmesh.model.rules.Scope;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/** Rules on end users and external authorisers as pilot hands them out, read back. */
final class EndUserResources {
  private EndUserResources() {}

  /**
   * @throws UnusableResource where it has conditions that this version does not know: without them
   *     it would believe more than its author meant
   */
  static AuthenticationRule authentication(Scope scope, RequestAuthentication message)
      throws UnusableResource {
    known(message, "authentication");
    List<JwtIssuer> issuers = new ArrayList<>();
    for (io.hostmesh.api.v1.JwtIssuer issuer : message.getJwtList()) {
      known(issuer, "an issuer");
      issuers.add(issuer(issuer));
    }
    return new AuthenticationRule(
        scope,
        issuers,
        message.getRequired(),
        new Origin("authentication " + scope + " revision " + message.getRevision(), 0, ""));
  }

  private static void known(com.google.protobuf.Message message, String what)
      throws UnusableResource {
    if (!message.getUnknownFields().asMap().isEmpty()) {
      throw new UnusableResource("has " + what + " with parts that this version does not know");
    }
  }

  private static JwtIssuer issuer(io.hostmesh.api.v1.JwtIssuer message) {
    JwtIssuer.Jwks jwks =
        message.getJwksUrl().isEmpty()
            ? new JwtIssuer.Jwks.File(message.getJwksFile())
            : new JwtIssuer.Jwks.Url(
                message.getJwksUrl(),
                Duration.ofSeconds(Math.max(1, message.getRefreshSeconds())),
                Optional.of(message.getCaFile()).filter(file -> !file.isEmpty()));
    boolean cookie = !message.getCookie().isEmpty();
    return new JwtIssuer(
        message.getName(),
        message.getIssuer(),
        new HashSet<>(message.getAudiencesList()),
        jwks,
        new JwtIssuer.Place(cookie, cookie ? message.getCookie() : message.getHeader()),
        message.getForward(),
        new TreeMap<>(message.getClaimsToHeadersMap()),
        Duration.ofSeconds(message.getLeewaySeconds()));
  }

  static ExternalAuthorizationRule external(Scope scope, ExternalAuthorization message)
      throws UnusableResource {
    known(message, "external authorisation");
    return new ExternalAuthorizationRule(
        scope,
        authoriser(message),
        new HashSet<>(message.getMethodsList()),
        message.getPathsList().stream().map(PathPattern::new).toList(),
        Duration.ofMillis(Math.max(1, message.getTimeoutMillis())),
        message.getAllowOnFailure(),
        new HashSet<>(message.getHeadersList()),
        new Origin(
            "external-authorization " + scope + " revision " + message.getRevision(), 0, ""));
  }

  private static Authoriser authoriser(ExternalAuthorization message) {
    if (!message.getService().isEmpty()) {
      return new Authoriser.Service(ServiceName.parse(message.getService()));
    }
    return message.getAddress().isEmpty()
        ? new Authoriser.Nobody()
        : Authoriser.Address.parse(message.getAddress());
  }

  /** All rules that hold a service as one: the issuers of all, required where any says so. */
  static Optional<AuthenticationRule> together(Scope service, List<AuthenticationRule> rules) {
    if (rules.size() < 2) {
      return rules.stream().findFirst();
    }
    List<JwtIssuer> issuers = new ArrayList<>();
    rules.forEach(rule -> issuers.addAll(rule.issuers()));
    return Optional.of(
        new AuthenticationRule(
            service,
            issuers,
            rules.stream().anyMatch(AuthenticationRule::required),
            rules.getFirst().origin()));
  }
}
