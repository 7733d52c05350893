package io.hostmesh.registry;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import okhttp3.HttpUrl;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;
import org.kiwiproject.consul.ConsulException;

/**
 * Requests that consul-client has no words for: catalog writes with the status of checks, deletes
 * that say whether they took place, tagged addresses. They share its connections. Blocks.
 */
final class RawConsul {
  private static final MediaType JSON = MediaType.get("application/json");

  private final RegistrySettings settings;
  private final OkHttpClient client;
  private final ObjectMapper mapper = JsonMapper.builder().build();

  RawConsul(RegistrySettings settings, OkHttpClient client) {
    this.settings = settings;
    this.client = client;
  }

  ObjectMapper mapper() {
    return mapper;
  }

  /**
   * The answer's JSON; missing where the registry answers 404.
   *
   * @param path with a leading slash, each segment already fit for a URL
   */
  JsonNode get(String path, Map<String, String> query) throws IOException {
    return execute(path, new Request.Builder().url(url(path, query)).get());
  }

  JsonNode put(String path, JsonNode body) throws IOException {
    byte[] bytes = mapper.writeValueAsBytes(body);
    return execute(
        path, new Request.Builder().url(url(path, Map.of())).put(RequestBody.create(bytes, JSON)));
  }

  JsonNode delete(HttpUrl url) throws IOException {
    return execute(url.encodedPath(), new Request.Builder().url(url).delete());
  }

  /** A key's URL: its slashes stay, all else is escaped. */
  HttpUrl.Builder key(String key) {
    return HttpUrl.get(settings.url() + "/v1/kv/").newBuilder().addPathSegments(key);
  }

  private HttpUrl url(String path, Map<String, String> query) {
    HttpUrl.Builder url = HttpUrl.get(settings.url() + path).newBuilder();
    query.forEach(url::addQueryParameter);
    return url.build();
  }

  private JsonNode execute(String path, Request.Builder request) throws IOException {
    settings.token().ifPresent(token -> request.header("X-Consul-Token", token));
    try (Response response = client.newCall(request.build()).execute()) {
      byte[] body = response.body().bytes();
      if (response.code() == 404) {
        return MissingNode.getInstance();
      }
      if (!response.isSuccessful()) {
        throw new RawRefusal(
            response.code(), path + ": " + new String(body, StandardCharsets.UTF_8).strip());
      }
      return body.length == 0 ? MissingNode.getInstance() : mapper.readTree(body);
    }
  }

  /** A refusal in the form in which the library's own refusals come. */
  private static final class RawRefusal extends ConsulException {
    private static final long serialVersionUID = 1L;
    private final int status;

    RawRefusal(int status, String message) {
      super(status + " " + message);
      this.status = status;
    }

    @Override
    public boolean hasCode() {
      return true;
    }

    @Override
    public int getCode() {
      return status;
    }
  }
}
