package io.hostmesh.registry;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import okhttp3.HttpUrl;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;
import org.kiwiproject.consul.ConsulException;
import org.kiwiproject.consul.model.ConsulResponse;
import org.kiwiproject.consul.option.QueryOptions;

/**
 * Requests that consul-client has no words for: catalog writes with the status of checks, deletes
 * that say whether they took place, tagged addresses. They share its connections. Blocks.
 */
final class RawConsul {
  private static final MediaType JSON = MediaType.get("application/json");

  private final RegistrySettings settings;
  private final OkHttpClient client;
  private final OkHttpClient waiting;
  private final ObjectMapper mapper = JsonMapper.builder().build();

  /**
   * @param patience how long a blocking query may take
   */
  RawConsul(RegistrySettings settings, OkHttpClient client, Duration patience) {
    this.settings = settings;
    this.client = client;
    this.waiting = client.newBuilder().readTimeout(patience).build();
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

  /**
   * A list.
   *
   * @param filtered whether the token may not see all of it
   */
  record Listed(JsonNode list, boolean filtered) {}

  /** A list that may be waited on. Here 404 is a refusal: whoever answers does not know it. */
  ConsulResponse<Listed> list(String path, QueryOptions options) throws IOException {
    Map<String, String> query = new TreeMap<>();
    options.getIndex().ifPresent(index -> query.put("index", index.toString()));
    options.getWait().ifPresent(wait -> query.put("wait", wait));
    Request.Builder request = new Request.Builder().url(url(path, query)).get();
    settings.token().ifPresent(token -> request.header("X-Consul-Token", token));
    try (Response response = waiting.newCall(request.build()).execute()) {
      byte[] body = response.body().bytes();
      if (!response.isSuccessful()) {
        throw new RawRefusal(
            response.code(), path + ": " + new String(body, StandardCharsets.UTF_8).strip());
      }
      Listed listed =
          new Listed(
              mapper.readTree(body),
              "true".equals(response.header("X-Consul-Results-Filtered-By-ACLs")));
      return new ConsulResponse<>(
          listed,
          0,
          true,
          new BigInteger(Objects.requireNonNullElse(response.header("X-Consul-Index"), "1")),
          (ConsulResponse.CacheResponseInfo) null);
    }
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
