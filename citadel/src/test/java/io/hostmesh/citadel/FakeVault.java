package io.hostmesh.citadel;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Vault's PKI engine as the documentation of its API describes it: it looks at the token and the
 * namespace, signs with an authority that has a root above it, and refuses what is no request.
 */
final class FakeVault implements AutoCloseable {
  static final String TOKEN = "hvs.CAESIJ";
  private static final int DAY = 86_400;

  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final CountDownLatch closed = new CountDownLatch(1);
  private final OutsideCa root;
  private final OutsideCa issuer;

  /** The bodies that were signed. */
  final List<JsonObject> signed = new CopyOnWriteArrayList<>();

  /** How often the token was renewed. */
  final List<String> renewed = new CopyOnWriteArrayList<>();

  /** How many wait for an answer. */
  final AtomicInteger unanswered = new AtomicInteger();

  /** How far the mesh's clock is ahead of the one that certificates are made by. */
  volatile int daysAhead;

  volatile boolean sealed;
  volatile boolean silent;
  volatile boolean forbidding;
  volatile String namespace = "";
  volatile String broken = "";
  volatile String extensions = OutsideCa.NAMES_ITS_ISSUER;

  FakeVault(Path folder) throws Exception {
    root = new OutsideCa(folder, "vault-root");
    issuer = root.below("vault-issuer", 1);
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.setExecutor(threads);
    server.createContext("/", this::answer);
    server.start();
  }

  String address() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  Path root() {
    return root.root();
  }

  private void answer(HttpExchange exchange) throws IOException {
    String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    String path = exchange.getRequestURI().getPath();
    if (silent) {
      unanswered.incrementAndGet();
      waitForTheEnd();
    } else if (sealed) {
      say(exchange, 503, errors("Vault is sealed"));
    } else if (!isAllowed(exchange)) {
      say(exchange, 403, errors("1 error occurred:\n\t* permission denied\n\n"));
    } else if (path.equals("/v1/auth/token/renew-self")) {
      renewed.add(body);
      say(exchange, 200, lease());
    } else if (!path.equals("/v1/pki_mesh/root/sign-intermediate")) {
      say(exchange, 404, errors("no handler for route \"" + path.substring(4) + "\""));
    } else if (!broken.isEmpty()) {
      say(exchange, 200, broken);
    } else {
      sign(exchange, new JsonObject(body));
    }
  }

  private boolean isAllowed(HttpExchange exchange) {
    return !forbidding
        && TOKEN.equals(exchange.getRequestHeaders().getFirst("X-Vault-Token"))
        && namespace.equals(
            exchange.getRequestHeaders().getOrDefault("X-Vault-Namespace", List.of("")).getFirst());
  }

  private void waitForTheEnd() {
    try {
      closed.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static String lease() {
    return new JsonObject()
        .put("auth", new JsonObject().put("lease_duration", 3600).put("renewable", true))
        .encode();
  }

  private void sign(HttpExchange exchange, JsonObject wish) throws IOException {
    String csr = wish.getString("csr", "");
    if (!csr.startsWith("-----BEGIN CERTIFICATE REQUEST-----")) {
      say(exchange, 400, errors("csr contains no data"));
      return;
    }
    if (!wish.getBoolean("use_csr_values", false)) {
      say(exchange, 400, errors("the fake knows requests with use_csr_values only"));
      return;
    }
    try {
      int seconds = Integer.parseInt(wish.getString("ttl").replace("s", ""));
      String certificate =
          issuer.sign(csr, seconds / DAY + daysAhead, extensions, "-copy_extensions", "copyall");
      signed.add(wish);
      JsonArray above =
          new JsonArray().add(Files.readString(issuer.root())).add(Files.readString(root.root()));
      JsonObject data =
          new JsonObject()
              .put("certificate", certificate.strip())
              .put("issuing_ca", above.getString(0).strip())
              .put("ca_chain", above);
      say(exchange, 200, new JsonObject().put("lease_id", "").put("data", data).encode());
    } catch (Exception | AssertionError e) {
      say(exchange, 500, errors("error signing: " + e.getMessage()));
    }
  }

  private static String errors(String text) {
    return new JsonObject().put("errors", new JsonArray().add(text)).encode();
  }

  private static void say(HttpExchange exchange, int status, String body) throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  @Override
  public void close() {
    if (closed.getCount() == 0) {
      return;
    }
    closed.countDown();
    server.stop(0);
    threads.shutdownNow();
  }
}
