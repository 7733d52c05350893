package io.hostmesh.runtime.jwt;

import com.google.protobuf.ByteString;
import io.hostmesh.api.v1.FederatedBundle;
import io.hostmesh.runtime.tls.Pem;
import io.hostmesh.runtime.tls.TrustRoots;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;

/**
 * What the identities of another trust domain are judged by, and nobody else's.
 *
 * @param roots of its X.509-SVIDs; may be none
 * @param jwtAuthorities of its JWT-SVIDs; may be none
 * @param sequence grows with every change at the other domain; 0 where it counts none
 */
public record DomainBundle(
    String trustDomain,
    List<X509Certificate> roots,
    List<JwtAuthority> jwtAuthorities,
    long sequence) {
  public DomainBundle {
    roots = List.copyOf(roots);
    jwtAuthorities = List.copyOf(jwtAuthorities);
  }

  /**
   * What its X.509-SVIDs are judged by. Equal while the roots are: its sequence also grows with
   * keys of JWT-SVIDs.
   */
  public TrustRoots trustRoots() {
    return new TrustRoots(trustDomain, roots, 0);
  }

  /** As citadel sends it. */
  public FederatedBundle message() {
    FederatedBundle.Builder message =
        FederatedBundle.newBuilder().setTrustDomain(trustDomain).setSequence(sequence);
    try {
      for (X509Certificate root : roots) {
        message.addRoots(ByteString.copyFrom(root.getEncoded()));
      }
    } catch (CertificateEncodingException e) {
      throw new IllegalStateException("a root that was read cannot be encoded", e);
    }
    jwtAuthorities.forEach(authority -> message.addJwtAuthorities(authority.message()));
    return message.build();
  }

  /**
   * Reads what citadel sent.
   *
   * @throws GeneralSecurityException where a part cannot be used
   */
  public static DomainBundle of(FederatedBundle message) throws GeneralSecurityException {
    List<JwtAuthority> authorities = new ArrayList<>();
    for (io.hostmesh.api.v1.JwtAuthority authority : message.getJwtAuthoritiesList()) {
      authorities.add(JwtAuthority.of(authority));
    }
    return new DomainBundle(
        message.getTrustDomain(),
        Pem.certificates(message.getRootsList().stream().map(ByteString::toByteArray).toList()),
        authorities,
        message.getSequence());
  }
}
