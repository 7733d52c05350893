package io.hostmesh.registry;

import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.config.ConfigFile;
import io.hostmesh.runtime.tls.ChainTrust;
import io.hostmesh.runtime.tls.Pem;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import okhttp3.OkHttpClient;
import org.jspecify.annotations.Nullable;
import org.kiwiproject.consul.Consul;

/**
 * How the client proves the registry's certificate, which names a host (not a SPIFFE id), and what
 * it presents itself.
 */
record RegistryTls(SSLContext context, X509TrustManager trust) {
  private static final char[] NO_PASSWORD = {};

  /**
   * @throws UserError where a file of the settings cannot be used
   */
  static RegistryTls of(RegistrySettings settings) {
    try {
      X509TrustManager trust =
          settings.scheme() == RegistrySettings.Scheme.HTTP
              ? new Nobody()
              : trust(settings.tls().caFile());
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys(settings.tls()), new TrustManager[] {trust}, null);
      return new RegistryTls(context, trust);
    } catch (GeneralSecurityException | IOException e) {
      throw new UserError(
          "registry.tls: ca-file, cert-file or key-file cannot be used: " + e.getMessage(), e);
    }
  }

  void applyTo(Consul.Builder builder) {
    builder.withSslContext(context).withTrustManager(trust);
  }

  void applyTo(OkHttpClient.Builder builder) {
    builder.sslSocketFactory(context.getSocketFactory(), trust);
  }

  /**
   * For plain HTTP. The client library makes itself ready for TLS all the same, and would read and
   * keep the system's roots for it.
   */
  private static final class Nobody extends ChainTrust {
    @Override
    protected void checkClient(List<X509Certificate> chain) throws CertificateException {
      throw new CertificateException("the registry is configured with scheme http");
    }

    @Override
    protected void checkServer(List<X509Certificate> chain) throws CertificateException {
      checkClient(chain);
    }
  }

  private static X509TrustManager trust(Optional<Path> caFile)
      throws GeneralSecurityException, IOException {
    KeyStore store = null;
    if (caFile.isPresent()) {
      store = emptyStore();
      List<X509Certificate> roots = Pem.certificates(ConfigFile.text(caFile.get()));
      if (roots.isEmpty()) {
        throw new UserError(caFile.get() + ": holds no certificate (registry.tls.ca-file)");
      }
      for (int i = 0; i < roots.size(); i++) {
        store.setCertificateEntry("root-" + i, roots.get(i));
      }
    }
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(store);
    return (X509TrustManager) factory.getTrustManagers()[0];
  }

  private static KeyManager @Nullable [] keys(RegistrySettings.Tls tls)
      throws GeneralSecurityException, IOException {
    if (tls.certFile().isEmpty() || tls.keyFile().isEmpty()) {
      return null;
    }
    KeyStore store = emptyStore();
    store.setKeyEntry(
        "client",
        Pem.key(ConfigFile.text(tls.keyFile().get())),
        NO_PASSWORD,
        Pem.certificates(ConfigFile.text(tls.certFile().get())).toArray(X509Certificate[]::new));
    KeyManagerFactory factory =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    factory.init(store, NO_PASSWORD);
    return factory.getKeyManagers();
  }

  private static KeyStore emptyStore() throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    return store;
  }
}
