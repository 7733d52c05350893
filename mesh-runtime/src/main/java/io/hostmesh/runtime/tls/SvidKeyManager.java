package io.hostmesh.runtime.tls;

import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/**
 * Shows the SVID that is current at each handshake; none where there is none yet. Safe for any
 * thread as its supplier is.
 */
public final class SvidKeyManager extends X509ExtendedKeyManager {
  private static final String KEY_TYPE = "EC";

  private final Supplier<@Nullable Svid> svid;

  public SvidKeyManager(Supplier<@Nullable Svid> svid) {
    this.svid = svid;
  }

  /** The alias names the certificate, so that chain and key of one handshake belong together. */
  private @Nullable String alias(String... keyTypes) {
    Svid current = svid.get();
    for (String keyType : keyTypes) {
      if (current != null && keyType.startsWith(KEY_TYPE)) {
        return current.leaf().getSerialNumber().toString(16);
      }
    }
    return null;
  }

  private @Nullable Svid of(String alias) {
    Svid current = svid.get();
    return current != null && current.leaf().getSerialNumber().toString(16).equals(alias)
        ? current
        : null;
  }

  @Override
  public @Nullable String chooseEngineClientAlias(
      String[] keyType, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
    return alias(keyType);
  }

  @Override
  public @Nullable String chooseEngineServerAlias(
      String keyType, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
    return alias(keyType);
  }

  @Override
  public @Nullable String chooseClientAlias(
      String[] keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
    return alias(keyType);
  }

  @Override
  public @Nullable String chooseServerAlias(
      String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
    return alias(keyType);
  }

  @Override
  public String @Nullable [] getClientAliases(String keyType, Principal @Nullable [] issuers) {
    String alias = alias(keyType);
    return alias == null ? null : new String[] {alias};
  }

  @Override
  public String @Nullable [] getServerAliases(String keyType, Principal @Nullable [] issuers) {
    return getClientAliases(keyType, issuers);
  }

  @Override
  public X509Certificate @Nullable [] getCertificateChain(String alias) {
    Svid current = of(alias);
    return current == null ? null : current.chain().toArray(new X509Certificate[0]);
  }

  @Override
  public @Nullable PrivateKey getPrivateKey(String alias) {
    Svid current = of(alias);
    return current == null ? null : current.key();
  }
}
