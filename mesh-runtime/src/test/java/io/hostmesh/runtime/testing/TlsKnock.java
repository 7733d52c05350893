package io.hostmesh.runtime.testing;

import java.io.IOException;
import java.math.BigInteger;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/** A TLS 1.3 client that shows any chain, also one that no library would read, and trusts all. */
public final class TlsKnock {
  private static final int PATIENCE_MILLIS = 10_000;

  private TlsKnock() {}

  /**
   * Knocks at a door that speaks first once somebody is in, as HTTP/2 servers do.
   *
   * @param chain DER, the leaf first; empty to show none
   * @param keys the leaf's
   * @param name of the server, where it has to be said
   * @return whether it is let in
   */
  public static boolean isLetIn(
      InetSocketAddress address,
      List<byte[]> chain,
      KeyPair keys,
      String protocol,
      Optional<String> name)
      throws GeneralSecurityException {
    SSLContext context = SSLContext.getInstance("TLSv1.3");
    context.init(
        new KeyManager[] {new Shown(chain, keys)}, new TrustManager[] {new Credulous()}, null);
    try (SSLSocket socket =
        (SSLSocket)
            context.getSocketFactory().createSocket(address.getAddress(), address.getPort())) {
      socket.setSoTimeout(PATIENCE_MILLIS);
      SSLParameters parameters = socket.getSSLParameters();
      parameters.setApplicationProtocols(new String[] {protocol});
      name.ifPresent(host -> parameters.setServerNames(List.of(new SNIHostName(host))));
      socket.setSSLParameters(parameters);
      socket.startHandshake();
      return socket.getInputStream().read() >= 0;
    } catch (java.net.SocketTimeoutException e) {
      throw new AssertionError("neither let in nor refused", e);
    } catch (IOException e) {
      return false;
    }
  }

  private static final class Shown extends X509ExtendedKeyManager {
    private final List<byte[]> chain;
    private final KeyPair keys;

    Shown(List<byte[]> chain, KeyPair keys) {
      this.chain = chain;
      this.keys = keys;
    }

    private @Nullable String alias(String... types) {
      return !chain.isEmpty() && List.of(types).contains(keys.getPublic().getAlgorithm())
          ? "own"
          : null;
    }

    @Override
    public @Nullable String chooseEngineClientAlias(
        String[] types, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
      return alias(types);
    }

    @Override
    public @Nullable String chooseClientAlias(
        String[] types, Principal @Nullable [] issuers, @Nullable Socket socket) {
      return alias(types);
    }

    @Override
    public @Nullable String chooseServerAlias(
        String type, Principal @Nullable [] issuers, @Nullable Socket socket) {
      return null;
    }

    @Override
    public String @Nullable [] getClientAliases(String type, Principal @Nullable [] issuers) {
      return null;
    }

    @Override
    public String @Nullable [] getServerAliases(String type, Principal @Nullable [] issuers) {
      return null;
    }

    @Override
    public X509Certificate[] getCertificateChain(String alias) {
      return chain.stream().map(der -> new Raw(der, keys.getPublic())).toArray(Raw[]::new);
    }

    @Override
    public PrivateKey getPrivateKey(String alias) {
      return keys.getPrivate();
    }
  }

  private static final class Credulous extends X509ExtendedTrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }

  /** Bytes that are sent as a certificate, whatever they are. */
  @SuppressWarnings("JavaUtilDate") // The class's own.
  private static final class Raw extends X509Certificate {
    private static final long serialVersionUID = 1L;

    private final byte[] der;
    private final PublicKey key;

    Raw(byte[] der, PublicKey key) {
      this.der = der;
      this.key = key;
    }

    @Override
    public byte[] getEncoded() {
      return der.clone();
    }

    @Override
    public PublicKey getPublicKey() {
      return key;
    }

    @Override
    public String getSigAlgName() {
      return "SHA256withECDSA";
    }

    @Override
    public void verify(PublicKey by) {}

    @Override
    public void verify(PublicKey by, String provider) {}

    @Override
    public String toString() {
      return der.length + " bytes";
    }

    @Override
    public void checkValidity() {}

    @Override
    public void checkValidity(Date date) {}

    @Override
    public int getVersion() {
      return 3;
    }

    @Override
    public BigInteger getSerialNumber() {
      return BigInteger.ONE;
    }

    @Override
    @SuppressWarnings("deprecation") // The class's own.
    public Principal getIssuerDN() {
      return getIssuerX500Principal();
    }

    @Override
    @SuppressWarnings("deprecation") // The class's own.
    public Principal getSubjectDN() {
      return getSubjectX500Principal();
    }

    @Override
    public Date getNotBefore() {
      return new Date(0);
    }

    @Override
    public Date getNotAfter() {
      return new Date(Long.MAX_VALUE);
    }

    @Override
    public byte[] getTBSCertificate() {
      return der.clone();
    }

    @Override
    public byte[] getSignature() {
      return new byte[0];
    }

    @Override
    public String getSigAlgOID() {
      return "1.2.840.10045.4.3.2";
    }

    @Override
    public byte @Nullable [] getSigAlgParams() {
      return null;
    }

    @Override
    public boolean @Nullable [] getIssuerUniqueID() {
      return null;
    }

    @Override
    public boolean @Nullable [] getSubjectUniqueID() {
      return null;
    }

    @Override
    public boolean @Nullable [] getKeyUsage() {
      return null;
    }

    @Override
    public int getBasicConstraints() {
      return -1;
    }

    @Override
    public boolean hasUnsupportedCriticalExtension() {
      return false;
    }

    @Override
    public @Nullable Set<String> getCriticalExtensionOIDs() {
      return null;
    }

    @Override
    public @Nullable Set<String> getNonCriticalExtensionOIDs() {
      return null;
    }

    @Override
    public byte @Nullable [] getExtensionValue(String oid) {
      return null;
    }
  }
}
