package io.hostmesh.agent.enduser;

import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.EncryptionMethod;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWEAlgorithm;
import com.nimbusds.jose.JWEHeader;
import com.nimbusds.jose.JWEObject;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSObject;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.Payload;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSAEncrypter;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.sun.net.httpserver.HttpServer;
import io.hostmesh.agent.authz.EndUser;
import io.hostmesh.agent.enduser.EndUsers.Finding;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.hocon.Origin;
import io.hostmesh.model.rules.AuthenticationRule;
import io.hostmesh.model.rules.JwtIssuer;
import io.hostmesh.model.rules.Scope;
import io.hostmesh.runtime.state.StateFiles;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Whose token is believed, and why others are not. */
@Timeout(60)
class EndUsersTest {
  private static final String ISSUER = "https://login.example";
  private static final Instant NOW = Instant.parse("2026-11-23T12:00:00Z");
  private static final Clock CLOCK = Clock.fixed(NOW, ZoneOffset.UTC);

  private static RSAKey rsa;
  private static RSAKey other;
  private static ECKey ec;

  @TempDir private Path folder;
  private Path file;
  private EndUsers users;
  private AuthenticationRule rule;

  @BeforeAll
  static void keys() throws Exception {
    rsa = new RSAKeyGenerator(2048).keyID("r1").generate();
    other = new RSAKeyGenerator(2048).keyID("r2").generate();
    ec = new ECKeyGenerator(Curve.P_256).keyID("e1").generate();
  }

  @BeforeEach
  void start() throws Exception {
    file = folder.resolve("jwks.json");
    write(new JWKSet(List.of(rsa, ec)));
    users = new EndUsers(CLOCK, Optional.empty(), Duration.ZERO);
    rule = rule(true, issuer(new JwtIssuer.Jwks.File(file.toString())));
    users.prepare(List.of(rule.issuers().getFirst().jwks()));
  }

  @AfterEach
  void stop() {
    users.close();
  }

  private void write(JWKSet keys) throws IOException {
    Files.writeString(file, keys.toString(true));
  }

  private static JwtIssuer issuer(JwtIssuer.Jwks jwks) {
    return new JwtIssuer(
        "login",
        ISSUER,
        Set.of("shop"),
        jwks,
        JwtIssuer.Place.AUTHORIZATION,
        true,
        new TreeMap<>(Map.of("x-user", "sub", "x-roles", "realm.roles")),
        JwtIssuer.LEEWAY);
  }

  private static AuthenticationRule rule(boolean required, JwtIssuer... issuers) {
    return new AuthenticationRule(
        Scope.of(ServiceName.of("shop")), List.of(issuers), required, new Origin("test", 1, ""));
  }

  private static Map<String, Object> claims() {
    Map<String, Object> claims = new HashMap<>();
    claims.put("iss", ISSUER);
    claims.put("sub", "ann");
    claims.put("aud", List.of("other", "shop"));
    claims.put("exp", NOW.getEpochSecond() + 300);
    claims.put("iat", NOW.getEpochSecond() - 5);
    claims.put("realm", Map.of("roles", List.of("admin", "clerk"), "level", 3));
    return claims;
  }

  private static Map<String, Object> claims(String name, Object value) {
    Map<String, Object> claims = claims();
    claims.put(name, value);
    return claims;
  }

  private static String sign(JWSHeader header, Map<String, Object> claims, JWSSigner signer)
      throws Exception {
    JWSObject token = new JWSObject(header, new Payload(claims));
    token.sign(signer);
    return token.serialize();
  }

  private static String token(Map<String, Object> claims) throws Exception {
    return sign(header("r1"), claims, new RSASSASigner(rsa));
  }

  private static JWSHeader header(String kid) {
    return new JWSHeader.Builder(JWSAlgorithm.RS256).type(JOSEObjectType.JWT).keyID(kid).build();
  }

  private static HttpHeaders bearer(String... tokens) {
    HttpHeaders headers = new DefaultHttpHeaders();
    for (String token : tokens) {
      headers.add("authorization", "Bearer " + token);
    }
    return headers;
  }

  private Finding find(HttpHeaders headers) throws Exception {
    return find(rule, headers);
  }

  private Finding find(AuthenticationRule by, HttpHeaders headers) throws Exception {
    Finding found = users.find(by, headers, false);
    if (found instanceof Finding.Later(var keys)) {
      keys.get(20, TimeUnit.SECONDS);
      found = users.find(by, headers, true);
    }
    return found;
  }

  private EndUser known(String token) throws Exception {
    Finding found = find(bearer(token));
    assertThat(found).isInstanceOf(Finding.Known.class);
    return ((Finding.Known) found).user();
  }

  private void refused(String token, String why) throws Exception {
    Finding found = find(bearer(token));
    assertThat(found).isInstanceOf(Finding.Refused.class);
    Finding.Refused refused = (Finding.Refused) found;
    assertThat(refused.sentence()).contains(why).doesNotContain(token).doesNotContain("\n");
    assertThat(refused.challenge()).startsWith("Bearer error=\"invalid_token\"").contains(why);
  }

  private static void eventually(BooleanSupplier holds) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!holds.getAsBoolean()) {
      assertThat(System.nanoTime()).isLessThan(deadline);
      Thread.sleep(10);
    }
  }

  @Test
  void aSignedTokenSaysWhoItIs() throws Exception {
    EndUser user = known(token(claims()));
    assertThat(user.issuer()).isEqualTo(ISSUER);
    assertThat(user.subject()).isEqualTo("ann");
    assertThat(user.audiences()).containsExactlyInAnyOrder("other", "shop");
    assertThat(user.claims())
        .containsEntry("realm.roles", List.of("admin", "clerk"))
        .containsEntry("realm.level", List.of("3"))
        .containsEntry("sub", List.of("ann"));
    String byEc =
        sign(
            new JWSHeader.Builder(JWSAlgorithm.ES256).keyID("e1").build(),
            claims(),
            new ECDSASigner(ec));
    assertThat(known(byEc)).isEqualTo(user);
    String pss = sign(new JWSHeader(JWSAlgorithm.PS256), claims(), new RSASSASigner(rsa));
    assertThat(known(pss)).isEqualTo(user);
  }

  @Test
  void aClaimThatIsThereTwiceByNameIsNotBelieved() throws Exception {
    assertThat(known(token(claims("realm.roles", List.of("root")))).claims())
        .containsEntry("realm.roles", List.of());
  }

  @Test
  void withoutATokenOnlyWhereNoneIsRequired() throws Exception {
    HttpHeaders none = new DefaultHttpHeaders().add("authorization", "Basic YQ==");
    assertThat(find(none))
        .isEqualTo(new Finding.Refused("Bearer", "the request has no token, and one is required"));
    AuthenticationRule optional = rule(false, rule.issuers().getFirst());
    assertThat(find(optional, none)).isInstanceOf(Finding.Nobody.class);
    assertThat(find(optional, bearer("bad"))).isInstanceOf(Finding.Refused.class);
  }

  @Test
  void algNoneIsNoSignature() throws Exception {
    String head =
        Base64.getUrlEncoder()
            .withoutPadding()
            .encodeToString("{\"alg\":\"none\"}".getBytes(StandardCharsets.UTF_8));
    String body = token(claims()).split("\\.", -1)[1];
    refused(head + "." + body + ".", "its algorithm is none");
    refused(head + "." + body + "." + token(claims()).split("\\.", -1)[2], "its algorithm is none");
  }

  @Test
  void aPublicKeyIsNoSecret() throws Exception {
    byte[] published = rsa.toRSAPublicKey().getEncoded();
    refused(
        sign(
            new JWSHeader.Builder(JWSAlgorithm.HS256).keyID("r1").build(),
            claims(),
            new MACSigner(published)),
        "has the algorithm HS256");
  }

  @Test
  void anUnknownKeyIsAskedForOnce() throws Exception {
    String rotated = sign(header("r2"), claims(), new RSASSASigner(other));
    refused(rotated, "does not have: kid r2");
    write(new JWKSet(List.of(rsa, other)));
    assertThat(known(rotated).subject()).isEqualTo("ann");
    refused(
        sign(header("r1"), claims(), new RSASSASigner(other)), "signature that is not by a key");
  }

  @Test
  void aKeyThatTheIssuerTookBackCountsNoMore() throws Exception {
    String token = token(claims());
    assertThat(known(token).subject()).isEqualTo("ann");
    write(new JWKSet(List.of(other)));
    eventually(() -> users.find(rule, bearer(token), true) instanceof Finding.Refused);
  }

  @Test
  void aHugeTokenIsNotLookedAt() throws Exception {
    refused(token(claims("x", "a".repeat(20_000))), "is longer than 16384 characters");
  }

  @Test
  void timesAreTakenSeriouslyWithAMinuteOfLeeway() throws Exception {
    long now = NOW.getEpochSecond();
    refused(token(claims("exp", now - 61)), "expired at 2026-11-23T11:58:59Z");
    assertThat(known(token(claims("exp", now - 59))).subject()).isEqualTo("ann");
    refused(token(claims("nbf", now + 61)), "is not valid before");
    assertThat(known(token(claims("nbf", now + 59))).subject()).isEqualTo("ann");
    refused(token(claims("iat", now + 3600)), "is not valid before");
    Map<String, Object> endless = claims();
    endless.remove("exp");
    refused(token(endless), "has no exp");
    refused(token(claims("exp", "tomorrow")), "wrong type");
  }

  @Test
  void onlyOfItsIssuerAndForItsAudience() throws Exception {
    refused(token(claims("iss", "https://evil.example")), "no rule trusts: https://evil.example");
    refused(token(claims("iss", ISSUER + "/")), "no rule trusts");
    refused(token(claims("iss", "a\"\r\nb")), "no rule trusts: a???b");
    refused(token(claims("aud", "bank")), "for another audience");
    Map<String, Object> none = claims();
    none.remove("aud");
    refused(token(none), "for another audience");
  }

  @Test
  void aSignatureOfAnotherTokenIsNone() throws Exception {
    String[] ann = token(claims()).split("\\.", -1);
    String[] bob = token(claims("sub", "bob")).split("\\.", -1);
    refused(ann[0] + "." + bob[1] + "." + ann[2], "signature");
    refused(ann[0] + "." + ann[1] + ".", "no signed JWT");
    refused(ann[0] + "." + ann[1], "no signed JWT");
    refused("x", "no signed JWT");
  }

  @Test
  void twoTokensAreOneTooMany() throws Exception {
    String token = token(claims());
    assertThat(find(bearer(token, token)))
        .isInstanceOfSatisfying(
            Finding.Refused.class,
            refused -> assertThat(refused.challenge()).contains("invalid_request"));
    HttpHeaders mixed = bearer(token);
    mixed.add("Authorization", "Basic YQ==");
    assertThat(find(mixed)).isInstanceOf(Finding.Refused.class);
  }

  @Test
  void anEncryptedTokenIsNotRead() throws Exception {
    JWEObject encrypted =
        new JWEObject(
            new JWEHeader(JWEAlgorithm.RSA_OAEP_256, EncryptionMethod.A128GCM),
            new Payload(token(claims())));
    encrypted.encrypt(new RSAEncrypter(rsa.toRSAPublicKey()));
    refused(encrypted.serialize(), "is encrypted");
  }

  @Test
  void criticalExtensionsAreNotIgnored() throws Exception {
    JWSHeader header =
        new JWSHeader.Builder(JWSAlgorithm.RS256)
            .keyID("r1")
            .criticalParams(Set.of("x-must"))
            .customParam("x-must", true)
            .build();
    refused(sign(header, claims(), new RSASSASigner(rsa)), "critical extensions");
  }

  @Test
  void aTokenThatEndsIsNotKeptBeyondItsEnd() throws Exception {
    java.util.concurrent.atomic.AtomicReference<Instant> time =
        new java.util.concurrent.atomic.AtomicReference<>(NOW);
    Clock moving =
        new Clock() {
          @Override
          public ZoneOffset getZone() {
            return ZoneOffset.UTC;
          }

          @Override
          public Clock withZone(java.time.ZoneId zone) {
            return this;
          }

          @Override
          public Instant instant() {
            return time.get();
          }
        };
    users.close();
    users = new EndUsers(moving, Optional.empty());
    String token = token(claims());
    assertThat(known(token)).isSameAs(known(token));
    time.set(NOW.plusSeconds(361));
    refused(token, "expired");
  }

  @Test
  void whatTheApplicationIsToldNobodyElseCanSay() throws Exception {
    HttpHeaders headers = bearer(token(claims("sub", "\u00e4nn\r\nx: y")));
    headers.add("X-User", "king").add("x_user", "king").add("x_roles", "king");
    Finding.Known known = (Finding.Known) find(headers);
    EndUsers.forward(rule, known, headers);
    assertThat(headers.getAll("x-user")).containsExactly("%C3%A4nn%0D%0Ax: y");
    assertThat(headers.get("x-roles")).isEqualTo("admin,clerk");
    assertThat(headers.contains("x_user")).isFalse();
    assertThat(headers.contains("authorization")).isTrue();
    HttpHeaders nobody = new DefaultHttpHeaders().add("x-user", "king");
    EndUsers.forward(rule, null, nobody);
    assertThat(nobody.isEmpty()).isTrue();
  }

  @Test
  void aTokenMayStandInACookieOrAHeaderAndStayHere() throws Exception {
    JwtIssuer login = rule.issuers().getFirst();
    for (JwtIssuer.Place place :
        List.of(new JwtIssuer.Place(true, "session"), new JwtIssuer.Place(false, "x-token"))) {
      AuthenticationRule there =
          rule(
              true,
              new JwtIssuer(
                  "login",
                  ISSUER,
                  Set.of(),
                  login.jwks(),
                  place,
                  false,
                  new TreeMap<>(),
                  JwtIssuer.LEEWAY));
      String token = token(claims());
      HttpHeaders headers =
          place.cookie()
              ? new DefaultHttpHeaders().add("cookie", "a=b; session=" + token + ";c=d")
              : new DefaultHttpHeaders().add("X-Token", token).add("cookie", "a=b; c=d");
      assertThat(find(there, bearer(token))).isInstanceOf(Finding.Refused.class);
      Finding.Known known = (Finding.Known) find(there, headers);
      EndUsers.forward(there, known, headers);
      assertThat(headers.size()).isEqualTo(1);
      assertThat(headers.get("cookie")).isEqualTo("a=b; c=d");
    }
  }

  /** An issuer's server that can be away. */
  @Test
  void anOutageOfTheIssuerIsNotFeltAndSurvivesARestart() throws Exception {
    AtomicInteger status = new AtomicInteger(200);
    AtomicInteger asked = new AtomicInteger();
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          asked.incrementAndGet();
          byte[] body = new JWKSet(rsa).toString(true).getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(status.get(), body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
    try {
      JwtIssuer.Jwks url =
          new JwtIssuer.Jwks.Url(
              "http://127.0.0.1:" + server.getAddress().getPort() + "/keys",
              Duration.ofMinutes(5),
              Optional.empty());
      rule = rule(true, issuer(url));
      users.close();
      users = new EndUsers(CLOCK, Optional.of(new StateFiles(folder)), Duration.ofMinutes(1));
      String token = token(claims());
      assertThat(known(token).subject()).isEqualTo("ann");

      // Strangers with unknown keys make no more than one request of ours.
      int before = asked.get();
      for (int i = 0; i < 5; i++) {
        refused(sign(header("k" + i), claims(), new RSASSASigner(other)), "kid k" + i);
      }
      assertThat(asked.get() - before).isEqualTo(1);

      status.set(500);
      users.close();
      users = new EndUsers(CLOCK, Optional.of(new StateFiles(folder)), Duration.ZERO);
      users.prepare(List.of(rule.issuers().getFirst().jwks()));
      eventually(() -> !users.problems().isEmpty());
      assertThat(users.problems().getFirst())
          .contains("/keys")
          .contains("answers 500")
          .contains("last good keys stay in use");
      assertThat(known(token).subject()).isEqualTo("ann");
    } finally {
      server.stop(0);
    }
  }

  @Test
  void withoutKeysNobodyIsBelievedAndTheProblemIsShown() throws Exception {
    Files.writeString(file, "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\"}]}");
    users.close();
    users = new EndUsers(CLOCK, Optional.empty(), Duration.ZERO);
    refused(token(claims()), "the keys of login could not be read yet");
    eventually(() -> users.problems().toString().matches(".*jwks[.]json.*no RSA key.*"));
    Files.writeString(file, " ".repeat((1 << 20) + 1));
    refused(token(claims()), "could not be read yet");
    eventually(() -> users.problems().toString().contains("larger than 1 MiB"));
    write(new JWKSet(rsa));
    eventually(() -> users.problems().isEmpty());
    assertThat(known(token(claims())).subject()).isEqualTo("ann");
  }

  @Property
  void noTokenEverFails(@ForAll String text) {
    try (EndUsers any = new EndUsers(CLOCK, Optional.empty())) {
      AuthenticationRule nowhere =
          rule(true, issuer(new JwtIssuer.Jwks.File("/nowhere/jwks.json")));
      HttpHeaders headers = new io.hostmesh.agent.protocol.FlatHeaders();
      headers.add("authorization", "Bearer " + text);
      assertThat(any.find(nowhere, headers, true)).isInstanceOf(Finding.Refused.class);
    }
  }
}
