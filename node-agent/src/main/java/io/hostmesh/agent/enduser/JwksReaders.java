package io.hostmesh.agent.enduser;

import io.hostmesh.model.rules.JwtIssuer;
import io.hostmesh.runtime.tls.Pem;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/** How JWK Sets are read: from files, and over HTTPS. Blocking, for virtual threads. */
final class JwksReaders {
  /** More than any issuer has, far less than what hurts. */
  static final int MAX_BYTES = 1 << 20;

  private static final int PATIENCE_MILLIS = 5_000;

  private JwksReaders() {}

  static KeySource.Reader of(JwtIssuer.Jwks jwks) {
    return switch (jwks) {
      case JwtIssuer.Jwks.File(String path) -> new OfFile(Path.of(path));
      case JwtIssuer.Jwks.Url url -> () -> fetch(url);
    };
  }

  private static final class OfFile implements KeySource.Reader {
    private final Path path;
    private @Nullable FileTime time;
    private long size;

    OfFile(Path path) {
      this.path = path;
    }

    @Override
    public @Nullable String read() throws IOException {
      FileTime now;
      long bytes;
      try {
        now = Files.getLastModifiedTime(path);
        bytes = Files.size(path);
      } catch (IOException e) {
        time = null;
        throw new IOException("it is not there, or the agent's user may not read it", e);
      }
      if (now.equals(time) && bytes == size) {
        return null;
      }
      try (InputStream in = Files.newInputStream(path)) {
        String text = limited(in);
        time = now;
        size = bytes;
        return text;
      }
    }
  }

  private static String limited(InputStream in) throws IOException {
    byte[] bytes = in.readNBytes(MAX_BYTES + 1);
    if (bytes.length > MAX_BYTES) {
      throw new IOException("it is larger than 1 MiB");
    }
    return new String(bytes, StandardCharsets.UTF_8);
  }

  /** Follows no redirection: where the keys are is the rule's to say. */
  private static String fetch(JwtIssuer.Jwks.Url url) throws IOException {
    HttpURLConnection connection =
        (HttpURLConnection) URI.create(url.url()).toURL().openConnection();
    connection.setConnectTimeout(PATIENCE_MILLIS);
    connection.setReadTimeout(PATIENCE_MILLIS);
    connection.setInstanceFollowRedirects(false);
    connection.setRequestProperty("accept", "application/jwk-set+json, application/json");
    if (connection instanceof HttpsURLConnection secured && url.caFile().isPresent()) {
      secured.setSSLSocketFactory(trusting(Path.of(url.caFile().get())).getSocketFactory());
    }
    try {
      int status = connection.getResponseCode();
      if (status != HttpURLConnection.HTTP_OK) {
        throw new IOException("the server answers " + status);
      }
      try (InputStream in = connection.getInputStream()) {
        return limited(in);
      }
    } finally {
      connection.disconnect();
    }
  }

  private static SSLContext trusting(Path file) throws IOException {
    try {
      KeyStore trusted = KeyStore.getInstance("PKCS12");
      trusted.load(null, null);
      for (X509Certificate certificate : Pem.certificates(Files.readString(file))) {
        trusted.setCertificateEntry("ca-" + trusted.size(), certificate);
      }
      TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
      trust.init(trusted);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, trust.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException | RuntimeException e) {
      throw new IOException("ca-file " + file + " cannot be used: " + e.getMessage(), e);
    }
  }
}
