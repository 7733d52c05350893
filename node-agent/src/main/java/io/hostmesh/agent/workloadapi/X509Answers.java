package io.hostmesh.agent.workloadapi;

import com.google.protobuf.ByteString;
import io.hostmesh.agent.identity.ApplicationIdentities;
import io.hostmesh.api.spiffe.X509BundlesResponse;
import io.hostmesh.api.spiffe.X509SVID;
import io.hostmesh.api.spiffe.X509SVIDResponse;
import io.hostmesh.model.ServiceName;
import io.hostmesh.runtime.tls.Svid;
import io.hostmesh.runtime.tls.TrustRoots;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.Optional;

/** Certificates and roots as the X.509 profile of the Workload API sends them. */
final class X509Answers {
  private final ApplicationIdentities identities;

  X509Answers(ApplicationIdentities identities) {
    this.identities = identities;
  }

  Answer<X509SVIDResponse> svids(ServiceName service) {
    Optional<Svid> svid = identities.svid(service);
    Optional<TrustRoots> roots = identities.roots();
    if (svid.isEmpty() || roots.isEmpty()) {
      return new Answer.Waiting<>(
          service
              + " has no certificate yet"
              + identities.problem(service).map(why -> ": " + why).orElse(""));
    }
    X509SVIDResponse.Builder answer = X509SVIDResponse.newBuilder();
    identities
        .federated()
        .forEach(
            domain -> {
              if (!domain.roots().isEmpty()) {
                answer.putFederatedBundles(id(domain.trustDomain()), der(domain.roots()));
              }
            });
    return new Answer.Ready<>(
        answer
            .addSvids(
                X509SVID
                    .newBuilder()
                    .setSpiffeId(svid.get().id().uri())
                    .setX509Svid(der(svid.get().chain()))
                    .setX509SvidKey(ByteString.copyFrom(svid.get().key().getEncoded()))
                    .setBundle(der(roots.get().roots())))
            .build());
  }

  Answer<X509BundlesResponse> bundles() {
    Optional<TrustRoots> roots = identities.roots();
    if (roots.isEmpty()) {
      return new Answer.Waiting<>("this host has not joined the mesh yet");
    }
    X509BundlesResponse.Builder answer = X509BundlesResponse.newBuilder();
    identities
        .federated()
        .forEach(
            domain -> {
              if (!domain.roots().isEmpty()) {
                answer.putBundles(id(domain.trustDomain()), der(domain.roots()));
              }
            });
    return new Answer.Ready<>(
        answer.putBundles(id(roots.get().trustDomain()), der(roots.get().roots())).build());
  }

  private static String id(String trustDomain) {
    return "spiffe://" + trustDomain;
  }

  /** One behind the other, as the standard wants it. */
  private static ByteString der(Iterable<X509Certificate> certificates) {
    ByteString bytes = ByteString.EMPTY;
    try {
      for (X509Certificate certificate : certificates) {
        bytes = bytes.concat(ByteString.copyFrom(certificate.getEncoded()));
      }
    } catch (CertificateEncodingException e) {
      throw new IllegalStateException("a certificate that was read cannot be encoded", e);
    }
    return bytes;
  }
}
