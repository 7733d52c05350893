package io.hostmesh.e2e.stories;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.interfaces.RSAPublicKey;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** End users are who their tokens say, whatever the caller writes beside them. */
class EndUsersStory {
  private static final String STATUS = "curl -sS --max-time 10 -w '\\n%{http_code}' ";

  /** Where every host's agent can read it. */
  private static final Path JWKS = Path.of("/tmp/hostmesh-e2e/jwks.json");

  private static Lab lab = Lab.named("end-users");

  @BeforeAll
  static void up() throws IOException {
    lab = Lab.up("end-users");
    lab.hostmesh("node", "allow", "h1", "teller").ok();
  }

  @AfterAll
  static void down() throws IOException {
    Files.deleteIfExists(JWKS);
    lab.close();
  }

  @Test
  void endUsersAreWhoTheirTokensSayAndPathsMeanOneThing() throws Exception {
    Programs.echo(lab, "h2", "ledger", 8086, "ledger");
    Issuer login = new Issuer("https://login.example");
    Files.writeString(JWKS, login.jwks());
    lab.apply(
            "kind = authentication, service = ledger, required = true, jwt = [ { issuer = \""
                + login.name()
                + "\", jwks { file = \""
                + JWKS
                + "\" }, claims-to-headers { x-user = sub } } ]")
        .ok();
    lab.apply(
            "kind = access, service = ledger, allow = ["
                + " { from = teller, paths = \"/open/*\" },"
                + " { from = teller, claims { role = admin } } ]")
        .ok();
    String clerk = " -H 'x-user: king' -H 'authorization: Bearer " + login.token("bob", "clerk");
    String admin = " -H 'x-user: king' -H 'authorization: Bearer " + login.token("ann", "admin");
    String url = "' --path-as-is http://ledger.mesh";
    Lab.within(
        Duration.ofSeconds(20),
        "the rules to hold",
        () ->
            lab.as("teller", "h1", STATUS + "http://ledger.mesh/open/").out().endsWith("\n401")
                && lab.as("teller", "h1", STATUS + clerk + url + "/books").out().endsWith("\n403"));

    assertThat(lab.as("teller", "h1", STATUS + admin + url + "/books").out())
        .contains("x-user: ann")
        .doesNotContain("king")
        .endsWith("\n200");
    assertThat(lab.as("teller", "h1", STATUS + clerk + url + "/open//./%61").out())
        .contains("ledger GET /open/a from")
        .endsWith("\n200");
    assertThat(lab.as("teller", "h1", STATUS + clerk + url + "/open/%2e%2e/books").out())
        .endsWith("\n403");
    assertThat(lab.as("teller", "h1", STATUS + clerk + url + "/open/..%2fbooks").out())
        .endsWith("\n400");
    assertThat(
            lab.as("teller", "h1", STATUS + admin.replace("Bearer ", "Bearer x") + url + "/").out())
        .endsWith("\n401");
  }

  /** Signs tokens, with what every JDK has. */
  private static final class Issuer {
    private static final Base64.Encoder BASE64 = Base64.getUrlEncoder().withoutPadding();

    private final String name;
    private final KeyPair keys;

    Issuer(String name) throws GeneralSecurityException {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
      generator.initialize(2048);
      this.name = name;
      this.keys = generator.generateKeyPair();
    }

    String name() {
      return name;
    }

    String jwks() {
      RSAPublicKey key = (RSAPublicKey) keys.getPublic();
      return "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"k\",\"use\":\"sig\",\"n\":\""
          + BASE64.encodeToString(unsigned(key.getModulus().toByteArray()))
          + "\",\"e\":\""
          + BASE64.encodeToString(unsigned(key.getPublicExponent().toByteArray()))
          + "\"}]}";
    }

    private static byte[] unsigned(byte[] number) {
      return number[0] == 0 ? Arrays.copyOfRange(number, 1, number.length) : number;
    }

    String token(String subject, String role) throws GeneralSecurityException {
      String claims =
          "{\"iss\":\"%s\",\"sub\":\"%s\",\"role\":\"%s\",\"exp\":%d}"
              .formatted(name, subject, role, Instant.now().getEpochSecond() + 600);
      String text =
          BASE64.encodeToString("{\"alg\":\"RS256\",\"kid\":\"k\"}".getBytes(UTF_8))
              + "."
              + BASE64.encodeToString(claims.getBytes(UTF_8));
      Signature signature = Signature.getInstance("SHA256withRSA");
      signature.initSign(keys.getPrivate());
      signature.update(text.getBytes(UTF_8));
      return text + "." + BASE64.encodeToString(signature.sign());
    }
  }
}
