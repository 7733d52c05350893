package io.hostmesh.pilot.snapshot;

import io.hostmesh.api.v1.ExternalAuthorization;
import io.hostmesh.api.v1.RequestAuthentication;
import io.hostmesh.model.rules.AuthenticationRule;
import io.hostmesh.model.rules.ExternalAuthorizationRule;
import io.hostmesh.model.rules.ExternalAuthorizationRule.Authoriser;
import io.hostmesh.model.rules.JwtIssuer;
import io.hostmesh.model.rules.PathPattern;

/** Rules on end users and external authorisers, as agents read them. */
final class EndUserCompiler {
  private EndUserCompiler() {}

  static RequestAuthentication authentication(AuthenticationRule rule, String revision) {
    RequestAuthentication.Builder compiled =
        RequestAuthentication.newBuilder().setRequired(rule.required()).setRevision(revision);
    rule.issuers().forEach(issuer -> compiled.addJwt(issuer(issuer)));
    return compiled.build();
  }

  private static io.hostmesh.api.v1.JwtIssuer issuer(JwtIssuer issuer) {
    io.hostmesh.api.v1.JwtIssuer.Builder compiled =
        io.hostmesh.api.v1.JwtIssuer.newBuilder()
            .setName(issuer.name())
            .setIssuer(issuer.issuer())
            .setForward(issuer.forward())
            .putAllClaimsToHeaders(issuer.claimsToHeaders())
            .setLeewaySeconds((int) issuer.leeway().toSeconds());
    issuer.audiences().stream().sorted().forEach(compiled::addAudiences);
    switch (issuer.jwks()) {
      case JwtIssuer.Jwks.File(String path) -> compiled.setJwksFile(path);
      case JwtIssuer.Jwks.Url url -> {
        compiled.setJwksUrl(url.url()).setRefreshSeconds((int) url.refresh().toSeconds());
        url.caFile().ifPresent(compiled::setCaFile);
      }
    }
    String name = issuer.place().name();
    return (issuer.place().cookie() ? compiled.setCookie(name) : compiled.setHeader(name)).build();
  }

  static ExternalAuthorization external(ExternalAuthorizationRule rule, String revision) {
    ExternalAuthorization.Builder compiled =
        ExternalAuthorization.newBuilder()
            .setTimeoutMillis((int) rule.timeout().toMillis())
            .setAllowOnFailure(rule.allowOnFailure())
            .setRevision(revision);
    switch (rule.authoriser()) {
      case Authoriser.Address address -> compiled.setAddress(address.toString());
      case Authoriser.Service(var name) -> compiled.setService(name.full());
      case Authoriser.Nobody _ -> {
        // Neither, which denies all.
      }
    }
    rule.methods().stream().sorted().forEach(compiled::addMethods);
    rule.paths().stream().map(PathPattern::text).forEach(compiled::addPaths);
    rule.headers().stream().sorted().forEach(compiled::addHeaders);
    return compiled.build();
  }
}
