package io.hostmesh.cli.lab;

import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;

/** One question over HTTP from the calling thread, and so from its network namespace. */
final class HttpProbe {
  private static final int LIMIT_MILLIS = 2_000;

  private HttpProbe() {}

  /**
   * The answer's body.
   *
   * @throws IOException where there is no answer, or one with a status of 400 or more
   */
  static String get(String host, int port, String path) throws IOException {
    HttpURLConnection connection =
        (HttpURLConnection)
            URI.create("http://" + host + ":" + port + path)
                .toURL()
                .openConnection(java.net.Proxy.NO_PROXY);
    connection.setConnectTimeout(LIMIT_MILLIS);
    connection.setReadTimeout(LIMIT_MILLIS);
    try (InputStream body = connection.getInputStream()) {
      return new String(body.readAllBytes(), StandardCharsets.UTF_8);
    } finally {
      connection.disconnect();
    }
  }
}
