package io.hostmesh.cli.lab;

import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.linux.NetworkNamespace;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.UUID;

/**
 * Access control of the lab's own Consul: what has no token may do nothing, and each part has one
 * with the least that it needs, by the policies of {@code config/consul-acl}.
 */
final class ConsulAcl {
  /** A daemon's token, in its folder of state. */
  static final String TOKEN = "consul.token";

  private static final int LIMIT_MILLIS = 5_000;
  private static final Duration LIMIT = Duration.ofSeconds(20);

  /** For people who look at the lab's Consul. */
  private static final String MANAGEMENT = "registry";

  private final LabFolder folder;
  private final LabFiles files;

  ConsulAcl(LabFolder folder, LabFiles files) {
    this.folder = folder;
    this.files = files;
  }

  /**
   * Where a part finds its token.
   *
   * @param component registry (for all rights), citadel, pilot, or a host for its agent
   */
  static Path token(LabFolder folder, String component) {
    return folder.state(component).resolve(TOKEN);
  }

  /** Makes the tokens of the lab's own daemons, and writes them where only these read them. */
  private String made(String component) throws IOException {
    String token = UUID.randomUUID().toString();
    Files.createDirectories(folder.state(component));
    files.saveToken(component, token(folder, component), token);
    return token;
  }

  /**
   * The configuration of Consul's agent on a host, with its token.
   *
   * @return the file, for root's eyes only
   */
  Path configuration(LabHost host) throws IOException {
    String management =
        host.isHub() ? "    initial_management = \"" + made(MANAGEMENT) + "\"\n" : "";
    Path file = folder.state(consul(host)).resolveSibling(consul(host) + ".hcl");
    files.saveToken(
        consul(host),
        file,
        """
        acl {
          enabled = true
          default_policy = "deny"
          tokens {
        %s    agent = "%s"
          }
        }
        """
            .formatted(management, made(consul(host))));
    return file;
  }

  /** The name of Consul's agent of a host. */
  static String consul(LabHost host) {
    return "consul-" + host.name();
  }

  /** Tells the server which token may do what; it has a leader. */
  void apply(List<LabHost> hosts) throws Exception {
    Map<String, String> policies = new TreeMap<>();
    policies.put("citadel", policy("citadel", ""));
    policies.put("pilot", policy("pilot", ""));
    made("citadel");
    made("pilot");
    policies.put(consul(LabHost.HUB), policy("consul-agent", LabHost.HUB.name()));
    for (LabHost host : hosts) {
      made(host.name());
      policies.put(host.name(), policy("agent", host.name()));
      policies.put(consul(host), policy("consul-agent", host.name()));
    }
    NetworkNamespace.inside(
        folder.id().namespace(LabHost.HUB.name()),
        () -> {
          for (Map.Entry<String, String> entry : policies.entrySet()) {
            put(
                "policy",
                new JsonObject().put("Name", entry.getKey()).put("Rules", entry.getValue()));
            put(
                "token",
                new JsonObject()
                    .put("SecretID", secret(entry.getKey()))
                    .put("Description", entry.getKey())
                    .put(
                        "Policies",
                        new JsonArray().add(new JsonObject().put("Name", entry.getKey()))));
          }
          return policies.size();
        });
  }

  private String secret(String component) throws IOException {
    return Files.readString(token(folder, component)).strip();
  }

  private static String policy(String part, String node) throws IOException {
    try (InputStream text = ConsulAcl.class.getResourceAsStream("consul-acl/" + part + ".hcl")) {
      return new String(Objects.requireNonNull(text).readAllBytes(), StandardCharsets.UTF_8)
          .replace("\"NODE\"", "\"" + node + "\"");
    }
  }

  /** A server that has just been elected refuses for a moment: it still makes the first token. */
  private void put(String what, JsonObject body) throws IOException {
    String[] refusal = {""};
    boolean done =
        Pause.until(
            LIMIT,
            () -> {
              refusal[0] = refusal(what, body);
              return refusal[0].isEmpty();
            });
    if (!done) {
      throw new UserError(
          "the lab's Consul refused an ACL " + what + " for " + LIMIT + ": " + refusal[0]);
    }
  }

  /** Empty where Consul took it. */
  private String refusal(String what, JsonObject body) {
    try {
      HttpURLConnection connection =
          (HttpURLConnection)
              URI.create("http://127.0.0.1:8500/v1/acl/" + what)
                  .toURL()
                  .openConnection(java.net.Proxy.NO_PROXY);
      try {
        connection.setRequestMethod("PUT");
        connection.setConnectTimeout(LIMIT_MILLIS);
        connection.setReadTimeout(LIMIT_MILLIS);
        connection.setRequestProperty("X-Consul-Token", secret(MANAGEMENT));
        connection.setDoOutput(true);
        connection.getOutputStream().write(body.toBuffer().getBytes());
        int status = connection.getResponseCode();
        if (status == HttpURLConnection.HTTP_OK) {
          return "";
        }
        try (InputStream failure = connection.getErrorStream()) {
          return failure == null
              ? "status " + status
              : new String(failure.readAllBytes(), StandardCharsets.UTF_8);
        }
      } finally {
        connection.disconnect();
      }
    } catch (IOException e) {
      return e.toString();
    }
  }
}
