package io.hostmesh.citadel.authority;

import io.hostmesh.citadel.Refusal;
import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.tls.Pem;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Vault's PKI engine signs: {@code POST /v1/<mount>/root/sign-intermediate}, or {@code
 * /v1/<mount>/issuer/<issuer>/sign-intermediate}. Its token is kept alive meanwhile, where it can
 * be renewed. Safe for any thread; blocks for {@code ca.vault.timeout} at most.
 */
final class VaultSource implements IntermediateSource {
  private static final System.Logger LOG = System.getLogger(VaultSource.class.getName());
  private static final String RENEW = "auth/token/renew-self";
  private static final Duration AGAIN = Duration.ofSeconds(20);

  /** A token of which Vault does not say for how long: it may be another one by then. */
  private static final Duration SELDOM = Duration.ofHours(1);

  private final VaultSettings settings;
  private final VaultClient client;
  private final InstantSource clock;
  private Instant nextRenewal = Instant.MIN;
  private volatile Optional<String> problem = Optional.empty();

  VaultSource(VaultSettings settings, VaultClient client, InstantSource clock) {
    this.settings = settings;
    this.client = client;
    this.clock = clock;
  }

  @Override
  public Optional<String> unavailable(X509Certificate root) {
    return Optional.empty(); // It is asked, and says so.
  }

  @Override
  public boolean hasRoots() {
    return false;
  }

  @Override
  public Optional<String> signer() {
    return Optional.of("Vault");
  }

  @Override
  public List<X509Certificate> sign(byte[] csr, X509Certificate root, Duration lifetime) {
    JsonObject wish =
        new JsonObject()
            .put("csr", Pem.block("CERTIFICATE REQUEST", csr))
            .put("common_name", "Hostmesh intermediate") // Asked for, and not used:
            .put("use_csr_values", true)
            .put("max_path_length", 0)
            .put("format", "pem")
            .put("ttl", lifetime.toSeconds() + "s");
    String path =
        settings.mount()
            + "/"
            + settings.issuer().map(issuer -> "issuer/" + issuer).orElse("root")
            + "/sign-intermediate";
    JsonObject answer = client.post(path, wish);
    try {
      return chain(answer.getJsonObject("data"));
    } catch (CertificateException
        | DecodeException
        | ClassCastException
        | IllegalArgumentException
        | NullPointerException e) {
      throw new Refusal(
          Refusal.Reason.UNAVAILABLE,
          "Vault at " + settings.address() + " answered with what is no certificate",
          e);
    }
  }

  /** The intermediate, then what stands above it. */
  private static List<X509Certificate> chain(JsonObject data) throws CertificateException {
    List<X509Certificate> chain = new ArrayList<>(Pem.certificates(data.getString("certificate")));
    if (chain.isEmpty()) {
      throw new CertificateException("there is none");
    }
    JsonArray above = data.getJsonArray("ca_chain", new JsonArray());
    String all =
        above.isEmpty()
            ? data.getString("issuing_ca", "")
            : above.stream().map(String::valueOf).collect(Collectors.joining("\n"));
    for (X509Certificate each : Pem.certificates(all)) {
      if (!chain.contains(each)) {
        chain.add(each);
      }
    }
    return chain;
  }

  @Override
  public synchronized void tend() {
    Instant now = clock.instant();
    if (now.isBefore(nextRenewal)) {
      return;
    }
    try {
      nextRenewal = now.plus(renewToken());
      problem = Optional.empty();
    } catch (Refusal | UserError e) {
      nextRenewal = now.plus(AGAIN);
      String why = "the token of Vault is not renewed: " + e.getMessage();
      if (!problem.equals(Optional.of(why))) {
        LOG.log(System.Logger.Level.WARNING, why);
      }
      problem = Optional.of(why);
    }
  }

  @Override
  public Optional<String> problem() {
    return problem;
  }

  /**
   * Half of what is left then is when it is renewed again.
   *
   * @return after which time
   */
  private Duration renewToken() {
    VaultClient.Answer answer = client.ask(RENEW, new JsonObject());
    if (answer.status() == 400) { // Not renewable: whoever made it looks after it.
      return SELDOM;
    }
    JsonObject content = client.content(RENEW, answer);
    try {
      JsonObject auth = content.getJsonObject("auth", new JsonObject());
      long seconds = auth.getLong("lease_duration", 0L);
      return auth.getBoolean("renewable", false) && seconds > 0
          ? Duration.ofSeconds(Math.max(1, seconds / 2))
          : SELDOM;
    } catch (ClassCastException | NullPointerException e) {
      throw new Refusal(
          Refusal.Reason.UNAVAILABLE,
          "Vault at " + settings.address() + " answered with what is no token's lease",
          e);
    }
  }
}
