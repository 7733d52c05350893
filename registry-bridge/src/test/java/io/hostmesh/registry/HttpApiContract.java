package io.hostmesh.registry;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.hostmesh.registry.testing.RegistryUnderTest;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** What stands on the wire, the same from each registry: statuses, bodies and indexes. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(60)
abstract class HttpApiContract {
  private static final AtomicInteger NAMES = new AtomicInteger();
  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  private final HttpClient client = HttpClient.newHttpClient();
  private RegistryUnderTest server;
  private String unique;

  abstract RegistryUnderTest startServer();

  @BeforeAll
  void start() {
    server = startServer();
  }

  @AfterAll
  void stop() throws Exception {
    client.close();
    if (server != null) {
      server.close();
    }
  }

  @BeforeEach
  void name() {
    unique = "u" + NAMES.incrementAndGet();
  }

  private HttpRequest request(String method, String path, String body) {
    return HttpRequest.newBuilder(URI.create("http://" + server.address() + path))
        .method(method, HttpRequest.BodyPublishers.ofString(body))
        .timeout(Duration.ofSeconds(30))
        .build();
  }

  private HttpResponse<String> send(String method, String path, String body) throws Exception {
    return client.send(request(method, path, body), HttpResponse.BodyHandlers.ofString());
  }

  private HttpResponse<String> get(String path) throws Exception {
    return send("GET", path, "");
  }

  private String put(String path, String body) throws Exception {
    HttpResponse<String> response = send("PUT", path, body);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return response.body().strip();
  }

  private static JsonNode json(HttpResponse<String> response) throws IOException {
    return MAPPER.readTree(response.body());
  }

  private static long index(HttpResponse<String> response) {
    return Long.parseLong(response.headers().firstValue("X-Consul-Index").orElseThrow());
  }

  private String session(String behavior, String ttl) throws Exception {
    String body =
        "{\"Name\": \"%s\", \"TTL\": \"%s\", \"Behavior\": \"%s\", \"LockDelay\": \"0s\"}"
            .formatted(unique, ttl, behavior);
    return MAPPER.readTree(put("/v1/session/create", body)).path("ID").asText();
  }

  @Test
  void keysAreReadInAllForms() throws Exception {
    assertThat(put("/v1/kv/" + unique + "/a/b?flags=7", "one")).isEqualTo("true");
    put("/v1/kv/" + unique + "/c", "two");
    JsonNode one = json(get("/v1/kv/" + unique + "/a/b")).path(0);
    assertThat(one.path("Key").asText()).isEqualTo(unique + "/a/b");
    assertThat(one.path("Value").asText()).isEqualTo("b25l");
    assertThat(one.path("Flags").asInt()).isEqualTo(7);
    assertThat(one.path("LockIndex").asInt()).isZero();
    assertThat(one.path("CreateIndex").asLong()).isEqualTo(one.path("ModifyIndex").asLong());
    assertThat(get("/v1/kv/" + unique + "/a/b?raw").body()).isEqualTo("one");
    assertThat(json(get("/v1/kv/" + unique + "/?keys")).toString())
        .isEqualTo("[\"" + unique + "/a/b\",\"" + unique + "/c\"]");
    assertThat(json(get("/v1/kv/" + unique + "/?keys&separator=/")).toString())
        .isEqualTo("[\"" + unique + "/a/\",\"" + unique + "/c\"]");
    assertThat(json(get("/v1/kv/" + unique + "/?recurse"))).hasSize(2);
    assertThat(send("DELETE", "/v1/kv/" + unique + "/?recurse", "").body().strip())
        .isEqualTo("true");
    assertThat(get("/v1/kv/" + unique + "/?recurse").statusCode()).isEqualTo(404);
    assertThat(get("/v1/kv/" + unique + "/c").statusCode()).isEqualTo(404);
  }

  @Test
  void writingTheSameAgainChangesNoIndex() throws Exception {
    put("/v1/kv/" + unique, "same");
    long first = json(get("/v1/kv/" + unique)).path(0).path("ModifyIndex").asLong();
    put("/v1/kv/" + unique, "same");
    assertThat(json(get("/v1/kv/" + unique)).path(0).path("ModifyIndex").asLong()).isEqualTo(first);
  }

  @Test
  void aBlockingQueryAnswersWhenItsKeyChangesOrItsTimeIsUp() throws Exception {
    put("/v1/kv/" + unique, "1");
    long index = index(get("/v1/kv/" + unique));
    long started = System.nanoTime();
    HttpResponse<String> unchanged = get("/v1/kv/" + unique + "?wait=300ms&index=" + index);
    assertThat(Duration.ofNanos(System.nanoTime() - started)).isGreaterThan(Duration.ofMillis(250));
    assertThat(index(unchanged)).isEqualTo(index);

    CompletableFuture<HttpResponse<String>> waiting =
        client.sendAsync(
            request("GET", "/v1/kv/" + unique + "?wait=20s&index=" + index, ""),
            HttpResponse.BodyHandlers.ofString());
    put("/v1/kv/" + unique, "2");
    HttpResponse<String> changed = waiting.get(2, TimeUnit.SECONDS);
    assertThat(index(changed)).isGreaterThan(index);
    assertThat(json(changed).path(0).path("Value").asText()).isEqualTo("Mg==");
  }

  @Test
  void aBlockingQueryWithAnIndexAheadOfTheRegistryIsNotAnsweredEarly() throws Exception {
    put("/v1/kv/" + unique, "1");
    long ahead = index(get("/v1/kv/" + unique)) + 1000;
    HttpResponse<String> response = get("/v1/kv/" + unique + "?wait=200ms&index=" + ahead);
    // What tells a client to begin again: the index went backwards.
    assertThat(index(response)).isLessThan(ahead);
  }

  @Test
  void aLockIsHeldByOneSession() throws Exception {
    String one = session("release", "10s");
    String two = session("release", "10s");
    String lock = "/v1/kv/" + unique + "/lock";
    assertThat(put(lock + "?acquire=" + one, "one")).isEqualTo("true");
    assertThat(put(lock + "?acquire=" + one, "one")).isEqualTo("true");
    assertThat(put(lock + "?acquire=" + two, "two")).isEqualTo("false");
    assertThat(put(lock + "?release=" + two, "two")).isEqualTo("false");
    JsonNode held = json(get(lock)).path(0);
    assertThat(held.path("Session").asText()).isEqualTo(one);
    assertThat(held.path("LockIndex").asInt()).isEqualTo(1);
    assertThat(put(lock + "?release=" + one, "free")).isEqualTo("true");
    assertThat(json(get(lock)).path(0).has("Session")).isFalse();
    assertThat(put(lock + "?acquire=" + two, "two")).isEqualTo("true");
    assertThat(json(get(lock)).path(0).path("LockIndex").asInt()).isEqualTo(2);
    assertThat(send("PUT", lock + "?acquire=00000000-0000-0000-0000-000000000000", "").statusCode())
        .isEqualTo(500);
    put("/v1/session/destroy/" + one, "");
    put("/v1/session/destroy/" + two, "");
    assertThat(json(get(lock)).path(0).has("Session")).isFalse();
  }

  @Test
  void aSessionThatIsNotRenewedReleasesItsLocks() throws Exception {
    String session = session("release", "1s");
    String lock = "/v1/kv/" + unique + "/lock";
    put(lock + "?acquire=" + session, "held");
    HttpResponse<String> held = get(lock);
    HttpResponse<String> released = get(lock + "?wait=20s&index=" + index(held));
    assertThat(json(released).path(0).has("Session")).isFalse();
    assertThat(json(released).path(0).path("Value").asText()).isEqualTo("aGVsZA==");
    assertThat(send("PUT", "/v1/session/renew/" + session, "").statusCode()).isEqualTo(404);
    assertThat(json(get("/v1/session/info/" + session))).isEmpty();
  }

  @Test
  void aSessionMayTakeItsKeysWithIt() throws Exception {
    String session = session("delete", "10s");
    String lock = "/v1/kv/" + unique + "/lock";
    put(lock + "?acquire=" + session, "held");
    assertThat(json(get("/v1/session/info/" + session)).path(0).path("Name").asText())
        .isEqualTo(unique);
    put("/v1/session/destroy/" + session, "");
    assertThat(get(lock).statusCode()).isEqualTo(404);
  }

  @Test
  void aCheckThatIsNotReportedTurnsCritical() throws Exception {
    put(
        "/v1/agent/service/register",
        """
        {"ID": "%1$s", "Name": "%1$s", "Port": 80,
         "Check": {"CheckID": "%1$s-check", "TTL": "1s", "Status": "passing"}}
        """
            .formatted(unique));
    awaitHealth("?passing", 1);
    assertThat(
            send("PUT", "/v1/agent/check/update/" + unique + "-check", "{\"Status\": \"warning\"}")
                .statusCode())
        .isEqualTo(200);
    awaitHealth("?passing", 0);
    put("/v1/agent/check/pass/" + unique + "-check?note=fine", "");
    awaitHealth("?passing", 1);
    HttpResponse<String> checks = awaitHealth("?passing", 0);
    assertThat(checks.statusCode()).isEqualTo(200);
    JsonNode check = json(get("/v1/health/checks/" + unique)).path(0);
    assertThat(check.path("Status").asText()).isEqualTo("critical");
    assertThat(check.path("Output").asText()).startsWith("TTL expired").endsWith("fine");
    assertThat(check.path("Type").asText()).isEqualTo("ttl");
    put("/v1/agent/service/deregister/" + unique, "");
    assertThat(send("PUT", "/v1/agent/service/deregister/" + unique, "").statusCode())
        .isEqualTo(404);
    assertThat(send("PUT", "/v1/agent/check/pass/" + unique + "-check", "").statusCode())
        .isEqualTo(404);
    awaitHealth("", 0);
  }

  private HttpResponse<String> awaitHealth(String query, int size) throws Exception {
    String path = "/v1/health/service/" + unique + query;
    String separator = query.isEmpty() ? "?" : "&";
    HttpResponse<String> response = get(path);
    long end = System.nanoTime() + Duration.ofSeconds(10).toNanos();
    while (json(response).size() != size) {
      assertThat(System.nanoTime()).as("%d healthy: %s", size, response.body()).isLessThan(end);
      response = get(path + separator + "wait=5s&index=" + index(response));
    }
    return response;
  }

  @Test
  void theCatalogShowsWhatWasWritten() throws Exception {
    String node = unique + "-n";
    put(
        "/v1/catalog/register",
        """
        {"Node": "%1$s-n", "Address": "10.0.0.7", "NodeMeta": {"rack": "%1$s"},
         "Service": {"ID": "%1$s-1", "Service": "%1$s", "Port": 81, "Tags": ["blue"],
                     "Meta": {"version": "v1"}},
         "Checks": [{"Node": "%1$s-n", "CheckID": "c1", "Name": "one", "Status": "passing",
                     "ServiceID": "%1$s-1", "Output": "fine"},
                    {"Node": "%1$s-n", "CheckID": "host", "Name": "host", "Status": "passing"}]}
        """
            .formatted(unique));
    assertThat(json(get("/v1/catalog/services")).path(unique).toString()).isEqualTo("[\"blue\"]");
    JsonNode instance = json(get("/v1/catalog/service/" + unique)).path(0);
    assertThat(instance.path("Node").asText()).isEqualTo(node);
    assertThat(instance.path("Address").asText()).isEqualTo("10.0.0.7");
    assertThat(instance.path("ServiceAddress").asText()).isEmpty();
    assertThat(instance.path("ServicePort").asInt()).isEqualTo(81);
    assertThat(instance.path("ServiceMeta").path("version").asText()).isEqualTo("v1");
    assertThat(json(get("/v1/catalog/nodes?node-meta=rack:" + unique))).hasSize(1);
    assertThat(json(get("/v1/catalog/node/" + node)).path("Services").has(unique + "-1")).isTrue();
    assertThat(json(get("/v1/health/node/" + node))).hasSize(2);
    JsonNode health = json(get("/v1/health/service/" + unique)).path(0);
    assertThat(health.path("Checks")).hasSize(2);
    assertThat(health.path("Service").path("Tags").path(0).asText()).isEqualTo("blue");
    String filter = "?filter=CheckID%20==%20%22c1%22";
    assertThat(json(get("/v1/health/node/" + node + filter))).hasSize(1);

    put("/v1/catalog/deregister", "{\"Node\": \"%s\", \"CheckID\": \"c1\"}".formatted(node));
    assertThat(json(get("/v1/health/node/" + node))).hasSize(1);
    put(
        "/v1/catalog/deregister",
        "{\"Node\": \"%1$s-n\", \"ServiceID\": \"%1$s-1\"}".formatted(unique));
    assertThat(json(get("/v1/catalog/services")).has(unique)).isFalse();
    put("/v1/catalog/deregister", "{\"Node\": \"%s\"}".formatted(node));
    assertThat(json(get("/v1/catalog/nodes?node-meta=rack:" + unique))).isEmpty();
    assertThat(get("/v1/catalog/node/" + node).body().strip()).isEqualTo("null");
  }

  @Test
  void registeringTheSameAgainChangesNoIndex() throws Exception {
    String body =
        """
        {"Node": "%1$s-n", "Address": "10.0.0.7", "Service": {"Service": "%1$s", "Port": 81},
         "Check": {"CheckID": "c", "Name": "c", "Status": "passing", "ServiceID": "%1$s"}}
        """
            .formatted(unique);
    put("/v1/catalog/register", body);
    long index = index(get("/v1/health/service/" + unique));
    put("/v1/catalog/register", body);
    assertThat(index(get("/v1/health/service/" + unique))).isEqualTo(index);
  }

  @Test
  void theEndOfANodeEndsItsSessions() throws Exception {
    put(
        "/v1/catalog/register",
        "{\"Node\": \"%s-n\", \"Address\": \"10.0.0.7\"}".formatted(unique));
    String body = "{\"Node\": \"%s-n\", \"NodeChecks\": [], \"TTL\": \"10s\"}".formatted(unique);
    String id = MAPPER.readTree(put("/v1/session/create", body)).path("ID").asText();
    assertThat(json(get("/v1/session/node/" + unique + "-n"))).hasSize(1);
    put("/v1/catalog/deregister", "{\"Node\": \"%s-n\"}".formatted(unique));
    assertThat(json(get("/v1/session/info/" + id))).isEmpty();
  }

  @Test
  void wrongRequestsAreRefused() throws Exception {
    assertThat(send("PUT", "/v1/catalog/register", "{\"Address\": \"10.0.0.1\"}").statusCode())
        .isGreaterThanOrEqualTo(400);
    assertThat(send("PUT", "/v1/catalog/register", "{").statusCode()).isEqualTo(400);
    assertThat(send("PUT", "/v1/session/create", "{\"TTL\": \"1ms\"}").statusCode()).isEqualTo(500);
    assertThat(send("PUT", "/v1/session/create", "{\"Node\": \"nowhere\"}").statusCode())
        .isEqualTo(500);
    assertThat(send("PUT", "/v1/kv/" + unique + "?cas=x", "1").statusCode())
        .isGreaterThanOrEqualTo(400);
    assertThat(get("/v1/kv/" + unique + "?index=x").statusCode()).isEqualTo(400);
    assertThat(get("/v1/kv/" + unique + "?index=1&wait=soon").statusCode()).isEqualTo(400);
    assertThat(get("/v1/no-such-thing").statusCode()).isEqualTo(404);
    assertThat(send("PUT", "/v1/agent/check/pass/none", "").statusCode()).isEqualTo(404);
    assertThat(get("/v1/health/state/any?filter=nonsense").statusCode())
        .isGreaterThanOrEqualTo(400);
    assertThat(send("PUT", "/v1/kv/" + unique, "x".repeat(512 * 1024 + 1)).statusCode())
        .isEqualTo(413);
  }
}
