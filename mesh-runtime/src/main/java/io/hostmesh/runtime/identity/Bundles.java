package io.hostmesh.runtime.identity;

import com.google.protobuf.ByteString;
import io.hostmesh.api.v1.Denied;
import io.hostmesh.api.v1.TrustBundle;
import io.hostmesh.model.ServiceName;
import io.hostmesh.runtime.tls.DenyList;
import io.hostmesh.runtime.tls.Pem;
import io.hostmesh.runtime.tls.TrustRoots;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Trust bundles between the wire and the program. Pure. */
public final class Bundles {
  private Bundles() {}

  /** A bundle as it is sent. */
  public static TrustBundle message(TrustRoots roots) {
    TrustBundle.Builder bundle =
        TrustBundle.newBuilder()
            .setTrustDomain(roots.trustDomain())
            .setSequence(roots.sequence())
            .setDeniedSequence(roots.denied().sequence());
    for (X509Certificate root : roots.roots()) {
      try {
        bundle.addRoots(ByteString.copyFrom(root.getEncoded()));
      } catch (CertificateEncodingException e) {
        throw new IllegalStateException("a root cannot be encoded", e);
      }
    }
    for (DenyList.Entry entry : roots.denied().entries()) {
      bundle.addDenied(
          Denied.newBuilder()
              .setName(entry.name())
              .setNode(entry.node().orElse(""))
              .setService(entry.service().map(ServiceName::full).orElse(""))
              .setPlacedNode(entry.placed().map(DenyList.Placed::node).orElse(""))
              .setPlacedService(entry.placed().map(placed -> placed.service().full()).orElse(""))
              .addAllSerials(entry.serials().stream().sorted().toList())
              .setReason(entry.reason())
              .setUntilEpochSecond(entry.until().getEpochSecond()));
    }
    roots.retiring().stream()
        .sorted()
        .forEach(key -> bundle.addRetiring(ByteString.copyFrom(HexFormat.of().parseHex(key))));
    return bundle.build();
  }

  /**
   * A bundle as citadel sent it.
   *
   * @throws CertificateException where it holds what is no certificate or no name
   */
  public static TrustRoots read(TrustBundle bundle) throws CertificateException {
    List<DenyList.Entry> denied = new ArrayList<>();
    for (Denied entry : bundle.getDeniedList()) {
      denied.add(read(entry));
    }
    return new TrustRoots(
        bundle.getTrustDomain(),
        Pem.certificates(bundle.getRootsList().stream().map(ByteString::toByteArray).toList()),
        bundle.getSequence(),
        new DenyList(bundle.getDeniedSequence(), denied),
        bundle.getRetiringList().stream()
            .map(key -> HexFormat.of().formatHex(key.toByteArray()))
            .collect(Collectors.toSet()));
  }

  private static DenyList.Entry read(Denied entry) throws CertificateException {
    try {
      return new DenyList.Entry(
          entry.getName(),
          Optional.of(entry.getNode()).filter(node -> !node.isEmpty()),
          Optional.of(entry.getService())
              .filter(service -> !service.isEmpty())
              .map(ServiceName::parse),
          entry.getPlacedService().isEmpty()
              ? Optional.empty()
              : Optional.of(
                  new DenyList.Placed(
                      entry.getPlacedNode(), ServiceName.parse(entry.getPlacedService()))),
          Set.copyOf(entry.getSerialsList()),
          entry.getReason(),
          Instant.ofEpochSecond(entry.getUntilEpochSecond()));
    } catch (IllegalArgumentException e) {
      throw new CertificateException("a revocation in the bundle cannot be read", e);
    }
  }
}
