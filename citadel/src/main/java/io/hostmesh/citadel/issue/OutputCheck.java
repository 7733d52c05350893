package io.hostmesh.citadel.issue;

import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.tls.SvidVerifier;
import io.hostmesh.runtime.tls.TrustRoots;
import java.io.IOException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.CertException;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.crypto.util.PublicKeyFactory;
import org.bouncycastle.operator.ContentVerifierProvider;
import org.bouncycastle.operator.DefaultDigestAlgorithmIdentifierFinder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.bc.BcECContentVerifierProviderBuilder;
import org.jspecify.annotations.Nullable;

/**
 * Judges what citadel has signed as its receivers will. The path above a leaf is the same for
 * thousands of them, so it is judged with the first; of the others what is their own: signature,
 * times, id, denials. Safe for any thread.
 */
final class OutputCheck {
  private volatile @Nullable Above judged;

  /**
   * What stands above leaves.
   *
   * @param roots below which it was judged
   * @param key of the first of the chain, with what makes its next use quick
   */
  private record Above(List<X509Certificate> chain, TrustRoots roots, ContentVerifierProvider key) {
    static Above of(List<X509Certificate> chain, TrustRoots roots) throws CertificateException {
      byte[] key = chain.getFirst().getPublicKey().getEncoded();
      try {
        return new Above(
            List.copyOf(chain),
            roots,
            new BcECContentVerifierProviderBuilder(new DefaultDigestAlgorithmIdentifierFinder())
                .build(PublicKeyFactory.createKey(SubjectPublicKeyInfo.getInstance(key))));
      } catch (IOException | OperatorCreationException e) {
        throw new CertificateException("the issuer's key cannot be used", e);
      }
    }

    /** Whether nothing has changed since. */
    boolean isAbove(List<X509Certificate> path, TrustRoots now) {
      return roots.equals(now) && chain.equals(path);
    }
  }

  /**
   * @param chain the leaf first
   * @return the identity that the leaf proves
   * @throws CertificateException with the reason where it proves none
   */
  SpiffeId prove(List<X509Certificate> chain, TrustRoots roots, Instant now)
      throws CertificateException {
    List<X509Certificate> path = chain.subList(1, chain.size());
    Above above = judged;
    if (above != null && above.isAbove(path, roots)) {
      return prove(chain.getFirst(), above, now);
    }
    SpiffeId id = SvidVerifier.verify(chain, roots, now);
    judged = Above.of(path, roots);
    return id;
  }

  private static SpiffeId prove(X509Certificate leaf, Above above, Instant now)
      throws CertificateException {
    Date date = Date.from(now);
    leaf.checkValidity(date);
    for (X509Certificate authority : above.chain()) {
      authority.checkValidity(date);
    }
    try {
      if (!new X509CertificateHolder(leaf.getEncoded()).isSignatureValid(above.key())) {
        throw new CertificateException("its signature is not its issuer's");
      }
    } catch (IOException | CertException e) {
      throw new CertificateException("its signature cannot be judged: " + e.getMessage(), e);
    }
    SpiffeId id = SvidVerifier.leafId(leaf);
    if (!id.trustDomain().equals(above.roots().trustDomain())) {
      throw new CertificateException(
          id + " is of another trust domain than " + above.roots().trustDomain());
    }
    Optional<String> denied = above.roots().denied().denies(id, leaf);
    if (denied.isPresent()) {
      throw new CertificateException("the certificate of " + id + " " + denied.get());
    }
    return id;
  }
}
