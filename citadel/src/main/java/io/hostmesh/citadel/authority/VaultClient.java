package io.hostmesh.citadel.authority;

import io.hostmesh.citadel.Refusal;
import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.state.SecretFile;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.PemTrustOptions;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;

/**
 * Vault's HTTP API: JSON over TLS, with a token that is read from its file for each request, since
 * an agent of Vault may write another one there. Follows no redirects. Safe for any thread but an
 * event loop; blocks for {@code ca.vault.timeout} at most. What goes wrong is a {@link Refusal} of
 * one line, in which no token stands.
 */
final class VaultClient {
  private static final int MOST_SHOWN = 300;

  private final Vertx vertx;
  private final VaultSettings settings;

  VaultClient(Vertx vertx, VaultSettings settings) {
    this.vertx = vertx;
    this.settings = settings;
  }

  /** What Vault says to a request, whether it is yes or no. */
  record Answer(int status, String body) {}

  /**
   * Asks, and takes a yes only.
   *
   * @param path below {@code /v1/}
   * @throws Refusal where Vault says no, or cannot be asked
   * @throws UserError where the token's file or the CA's cannot be used
   */
  JsonObject post(String path, JsonObject body) {
    return content(path, ask(path, body));
  }

  /**
   * Asks.
   *
   * @throws Refusal where Vault cannot be asked
   * @throws UserError as {@link #post}
   */
  Answer ask(String path, JsonObject body) {
    String token = token();
    HttpClient client = vertx.createHttpClient(options());
    try {
      return send(client, path, token, body)
          .toCompletionStage()
          .toCompletableFuture()
          .get(settings.timeout().toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw unavailable("did not answer within " + settings.timeout().toMillis() + " ms", e);
    } catch (ExecutionException e) {
      throw unavailable("cannot be asked: " + e.getCause(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw unavailable("is not asked: citadel is ending", e);
    } finally {
      client.close();
    }
  }

  /**
   * The content of a yes.
   *
   * @throws Refusal where it is a no, with the reason
   */
  JsonObject content(String path, Answer answer) {
    if (answer.status() != 200) {
      throw new Refusal(Refusal.Reason.UNAVAILABLE, explained(path, answer));
    }
    try {
      return new JsonObject(answer.body());
    } catch (DecodeException e) {
      throw unavailable("answered with what is no JSON object; is it a proxy that answers?", e);
    }
  }

  private Future<Answer> send(HttpClient client, String path, String token, JsonObject body) {
    RequestOptions request =
        new RequestOptions()
            .setMethod(HttpMethod.POST)
            .setAbsoluteURI(settings.address().toString().replaceAll("/+$", "") + "/v1/" + path)
            .setTimeout(settings.timeout().toMillis())
            .putHeader("x-vault-token", token)
            .putHeader("x-vault-request", "true")
            .putHeader("content-type", "application/json");
    settings.namespace().ifPresent(name -> request.putHeader("x-vault-namespace", name));
    return client
        .request(request)
        .compose(open -> open.send(body.toBuffer()))
        .compose(
            response ->
                response
                    .body()
                    .map(Buffer::toString)
                    .map(text -> new Answer(response.statusCode(), text)));
  }

  private HttpClientOptions options() {
    HttpClientOptions options =
        new HttpClientOptions()
            .setSsl("https".equals(settings.address().getScheme()))
            .setVerifyHost(true)
            .setEnabledSecureTransportProtocols(Set.of("TLSv1.3", "TLSv1.2"))
            .setConnectTimeout((int) settings.timeout().toMillis());
    settings
        .caFile()
        .ifPresent(
            file -> options.setTrustOptions(new PemTrustOptions().addCertPath(file.toString())));
    return options;
  }

  private String token() {
    String token = SecretFile.read(settings.tokenFile()).strip();
    if (!token.matches("[!-~]+")) {
      throw new UserError(
          settings.tokenFile() + ": is not one token; ca.vault.token-file names it");
    }
    return token;
  }

  private Refusal unavailable(String why, Exception cause) {
    return new Refusal(
        Refusal.Reason.UNAVAILABLE, "Vault at " + settings.address() + " " + why, cause);
  }

  private String explained(String path, Answer answer) {
    String errors = errors(answer.body());
    String why =
        switch (answer.status()) {
          case 400 -> "does not do what it was asked";
          case 403 ->
              "does not take citadel's token for this; the token of "
                  + settings.tokenFile()
                  + " needs update on "
                  + path;
          case 404 -> "has nothing at " + path + "; check ca.vault.mount and ca.vault.issuer";
          case 307, 429, 472, 473 -> "is a standby; name the active one, or a balancer's address";
          case 503 -> "is sealed or in maintenance";
          default -> "answered " + answer.status();
        };
    return "Vault at " + settings.address() + " " + why + (errors.isEmpty() ? "" : ": " + errors);
  }

  private static String errors(String body) {
    try {
      String errors =
          new JsonObject(body)
              .getJsonArray("errors", new JsonArray()).stream()
                  .map(String::valueOf)
                  .collect(Collectors.joining("; "))
                  .replaceAll("\\s+", " ")
                  .strip();
      return errors.substring(0, Math.min(errors.length(), MOST_SHOWN));
    } catch (DecodeException | ClassCastException e) {
      return "";
    }
  }
}
