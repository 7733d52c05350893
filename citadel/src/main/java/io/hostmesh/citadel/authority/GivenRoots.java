package io.hostmesh.citadel.authority;

import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.config.ConfigFile;
import io.hostmesh.runtime.tls.Pem;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;

/** The roots of a citadel that has none of its own, from a file that its operator wrote. */
final class GivenRoots {
  private GivenRoots() {}

  /**
   * Reads {@code ca.root-file}. Blocking.
   *
   * @throws UserError where it holds no root that can be used now
   */
  static List<X509Certificate> read(Path file, Instant now) {
    List<X509Certificate> roots;
    try {
      roots = Pem.certificates(ConfigFile.text(file)).stream().distinct().toList();
    } catch (CertificateException | IllegalArgumentException e) {
      throw refused(file, "cannot be read: " + e.getMessage());
    }
    if (roots.isEmpty()) {
      throw refused(file, "holds no PEM certificate; write the roots there that all are to trust");
    }
    roots.forEach(root -> check(file, root, now));
    return roots;
  }

  private static void check(Path file, X509Certificate root, Instant now) {
    String name = root.getSubjectX500Principal().getName();
    if (root.getBasicConstraints() < 0) {
      throw refused(file, name + " is no CA");
    }
    try {
      root.verify(root.getPublicKey());
    } catch (GeneralSecurityException e) {
      throw refused(file, name + " is no root: it is not signed by its own key");
    }
    if (now.isAfter(root.getNotAfter().toInstant())) {
      throw refused(file, name + " expired at " + root.getNotAfter().toInstant());
    }
  }

  private static UserError refused(Path file, String why) {
    return new UserError("ca.root-file: " + file + ": " + why);
  }
}
