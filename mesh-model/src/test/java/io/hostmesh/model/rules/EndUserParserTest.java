package io.hostmesh.model.rules;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.model.ServiceName;
import io.hostmesh.model.hocon.HoconException;
import io.hostmesh.model.rules.ExternalAuthorizationRule.Authoriser;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EndUserParserTest {
  private static final String LOGIN =
      "issuer = \"https://login.example\", jwks { url = \"https://login.example/keys\" }";

  private static AuthenticationRule tokens(String rest) {
    return (AuthenticationRule)
        RuleParser.parse("shop.conf", "kind = authentication, service = shop\n" + rest);
  }

  private static ExternalAuthorizationRule external(String rest) {
    return (ExternalAuthorizationRule)
        RuleParser.parse("shop.conf", "kind = external-authorization, service = shop\n" + rest);
  }

  @Test
  void aDocumentOfTokensIsReadWhole() {
    AuthenticationRule rule =
        tokens(
            """
            required = true
            jwt = [
              {
                name = login, issuer = "https://login.example", audiences = [ shop, cart ]
                jwks { url = "https://login.example/keys", refresh = 1m, ca-file = /etc/ca.pem }
                from-cookie = session, forward = false, leeway = 5s
                claims-to-headers { X-User = sub, x-roles = realm.roles }
              }
              { issuer = other, jwks { file = /etc/jwks.json }, from-header = X-Token }
            ]
            """);
    assertThat(rule.scope()).isEqualTo(Scope.of(ServiceName.of("shop")));
    assertThat(rule.required()).isTrue();
    assertThat(rule.issuers())
        .containsExactly(
            new JwtIssuer(
                "login",
                "https://login.example",
                Set.of("shop", "cart"),
                new JwtIssuer.Jwks.Url(
                    "https://login.example/keys",
                    Duration.ofMinutes(1),
                    Optional.of("/etc/ca.pem")),
                new JwtIssuer.Place(true, "session"),
                false,
                new TreeMap<>(Map.of("x-user", "sub", "x-roles", "realm.roles")),
                Duration.ofSeconds(5)),
            new JwtIssuer(
                "other",
                "other",
                Set.of(),
                new JwtIssuer.Jwks.File("/etc/jwks.json"),
                new JwtIssuer.Place(false, "x-token"),
                true,
                new TreeMap<>(),
                JwtIssuer.LEEWAY));
    assertThat(tokens("jwt = [ { " + LOGIN + " } ]").places())
        .containsExactly(JwtIssuer.Place.AUTHORIZATION);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "jwt = [] | needs at least one issuer",
        "jwt = [ { issuer = a, jwks {} } ] | one of them",
        "jwt = [ { issuer = a, jwks { file = keys.json } } ] | no absolute path",
        "jwt = [ { issuer = a, jwks { url = \"http://a/k\" } } ] | is not https",
        "jwt = [ { issuer = a, jwks { url = \"ftp://a/k\" } } ] | no https URL",
        "jwt = [ { issuer = a, jwks { url = \"https://u:p@a/k\" } } ] | leave user and password out",
        "jwt = [ { issuer = a, jwks { file = /k }, claims-to-headers { Host = sub } } ] | \"Host\"",
        "jwt = [ { issuer = a, jwks { file = /k }, audience = x } ] | audience",
      })
  void whatCannotBeMeantIsRefusedWithItsPlace(String rest, String why) {
    assertThatThrownBy(() -> tokens(rest))
        .isInstanceOf(HoconException.class)
        .hasMessageContaining("shop.conf:2")
        .hasMessageContaining(why);
  }

  @Test
  void aDocumentOfAnAuthoriserIsReadWhole() {
    ExternalAuthorizationRule rule =
        external(
            """
            authoriser = sec/authz, methods = [ get, POST ], paths = [ "/admin/*" ]
            timeout = 50ms, on-failure = allow, headers = [ Authorization, cookie ]
            """);
    assertThat(rule.authoriser())
        .isEqualTo(new Authoriser.Service(new ServiceName("sec", "authz")));
    assertThat(rule.methods()).containsExactlyInAnyOrder("GET", "POST");
    assertThat(rule.timeout()).isEqualTo(Duration.ofMillis(50));
    assertThat(rule.allowOnFailure()).isTrue();
    assertThat(rule.headers()).containsExactlyInAnyOrder("authorization", "cookie");
    assertThat(rule.holds("GET", "/admin/x")).isTrue();
    assertThat(rule.holds("GET", "/admin;a/x")).isTrue();
    assertThat(rule.holds("PUT", "/admin/x")).isFalse();
    assertThat(rule.holds("GET", "/x")).isFalse();
    assertThat(external("address = \"[::1]:9000\"").authoriser())
        .isEqualTo(new Authoriser.Address("0:0:0:0:0:0:0:1", 9000));
    assertThat(external("address = \"10.0.0.1:9000\"").allowOnFailure()).isFalse();
    assertThat(rule.key().path()).isEqualTo("external-authorization/default/shop");
    assertThat(RuleKey.parse(rule.key().path())).contains(rule.key());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "timeout = 1s | one of them",
        "address = \"authz:9000\" | is not IP:port",
        "address = \"10.0.0.1:0\" | within 1 to 65535",
        "address = \"10.0.0.1:1\", on-failure = perhaps | neither deny nor allow",
        "address = \"10.0.0.1:1\", timeout = 2m | within 1ms and 60s",
        "address = \"10.0.0.1:1\", paths = [ \"/a/../b\" ] | no request would ever match",
      })
  void anAuthoriserThatCannotBeMeantIsRefused(String rest, String why) {
    assertThatThrownBy(() -> external(rest))
        .isInstanceOf(HoconException.class)
        .hasMessageContaining("shop.conf:")
        .hasMessageContaining(why);
  }
}
