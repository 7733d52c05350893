package io.hostmesh.runtime.identity;

import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.state.SecretFile;
import io.hostmesh.runtime.state.StateFiles;
import io.hostmesh.runtime.tls.Pem;
import io.hostmesh.runtime.tls.Svid;
import io.hostmesh.runtime.tls.SvidVerifier;
import io.hostmesh.runtime.tls.TrustRoots;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;

/**
 * An operator's certificate, its key, and the roots of the mesh that it is for: a folder with
 * {@code operator.crt}, {@code operator.key} (mode 0600) and {@code roots.crt}. Immutable.
 */
public record OperatorIdentity(Svid svid, TrustRoots roots) {
  private static final String CERTIFICATE = "operator.crt";
  private static final String KEY = "operator.key";
  private static final String ROOTS = "roots.crt";

  /** The operator's id. */
  public SpiffeId.Operator id() {
    return (SpiffeId.Operator) svid.id();
  }

  /**
   * Writes a folder, making it where it is not there.
   *
   * @param chain PEM, the leaf first
   * @param roots PEM
   * @throws UserError where it cannot be written
   */
  public static void write(Path folder, PrivateKey key, String chain, String roots) {
    try {
      StateFiles files = new StateFiles(folder);
      files.write(KEY, bytes(Pem.encode(key)));
      files.write(ROOTS, bytes(roots));
      files.write(CERTIFICATE, bytes(chain));
    } catch (IOException e) {
      throw new UserError(folder + ": the operator's files cannot be written: " + e, e);
    }
  }

  /**
   * Reads a folder.
   *
   * @throws UserError where it is none, others can read the key, or the certificate has expired
   */
  public static OperatorIdentity read(Path folder, Instant now) {
    if (!Files.isDirectory(folder)) {
      throw new UserError(
          folder
              + ": no operator's folder; make one: hostmesh operator create NAME --out "
              + folder);
    }
    try {
      PrivateKey key = Pem.key(SecretFile.read(folder.resolve(KEY)));
      List<X509Certificate> chain = Pem.certificates(Files.readString(folder.resolve(CERTIFICATE)));
      List<X509Certificate> roots = Pem.certificates(Files.readString(folder.resolve(ROOTS)));
      if (chain.isEmpty()
          || !(SvidVerifier.leafId(chain.getFirst()) instanceof SpiffeId.Operator id)) {
        throw new UserError(folder.resolve(CERTIFICATE) + ": is not an operator's certificate");
      }
      Svid svid = new Svid(id, chain, key);
      if (now.isAfter(svid.notAfter())) {
        throw new UserError(
            folder
                + ": the certificate of "
                + id
                + " expired at "
                + svid.notAfter()
                + "; have a new one made: hostmesh operator create "
                + id.name()
                + " --role "
                + id.role().text()
                + " --out "
                + folder);
      }
      return new OperatorIdentity(svid, new TrustRoots(id.trustDomain(), roots, 0));
    } catch (IOException | GeneralSecurityException | IllegalArgumentException e) {
      throw new UserError(folder + ": the operator's files cannot be read: " + e.getMessage(), e);
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
