package io.hostmesh.runtime.identity;

import com.google.protobuf.InvalidProtocolBufferException;
import io.hostmesh.api.v1.TrustBundle;
import io.hostmesh.runtime.jwt.DomainBundle;
import io.hostmesh.runtime.jwt.JwtAuthority;
import io.hostmesh.runtime.tls.TrustRoots;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What JWT-SVIDs of the own trust domain and all identities of others are judged by, from disk at
 * first and from citadel ever after. Written on one context, read by any thread.
 */
final class KnownAuthorities {
  private static final System.Logger LOG = System.getLogger(KnownAuthorities.class.getName());
  private static final String FILE = "jwt-authorities";

  private final IdentityFiles files;
  private volatile Known known;

  /**
   * @param roots those of the federated domains that have any, by name
   */
  private record Known(
      List<JwtAuthority> authorities, List<DomainBundle> federated, Map<String, TrustRoots> roots) {
    static final Known NOTHING = of(List.of(), List.of());

    static Known of(List<JwtAuthority> authorities, List<DomainBundle> federated) {
      return new Known(
          List.copyOf(authorities),
          List.copyOf(federated),
          federated.stream()
              .filter(domain -> !domain.roots().isEmpty())
              .collect(
                  Collectors.toUnmodifiableMap(
                      DomainBundle::trustDomain, DomainBundle::trustRoots, (first, _) -> first)));
    }
  }

  /** Reads what is on disk. */
  KnownAuthorities(IdentityFiles files) {
    this.files = files;
    this.known = files.text(FILE).map(KnownAuthorities::parse).orElse(Known.NOTHING);
  }

  List<JwtAuthority> authorities() {
    return known.authorities();
  }

  List<DomainBundle> federated() {
    return known.federated();
  }

  Map<String, TrustRoots> foreignRoots() {
    return known.roots();
  }

  /** Takes what citadel said; returns whether it is anything else. */
  boolean heard(TrustBundle bundle) {
    Known now = read(bundle);
    if (now.equals(known)) {
      return false;
    }
    known = now;
    return true;
  }

  /** Keeps what holds now. Blocking. */
  void keep() {
    TrustBundle.Builder bundle = TrustBundle.newBuilder();
    Known now = known;
    now.authorities().forEach(authority -> bundle.addJwtAuthorities(authority.message()));
    now.federated().forEach(domain -> bundle.addFederated(domain.message()));
    files.write(FILE, Base64.getEncoder().encodeToString(bundle.build().toByteArray()) + "\n");
  }

  private static Known parse(String text) {
    try {
      return read(TrustBundle.parseFrom(Base64.getDecoder().decode(text.strip())));
    } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
      LOG.log(System.Logger.Level.WARNING, FILE + " is damaged and is treated as missing: " + e);
      return Known.NOTHING;
    }
  }

  private static Known read(TrustBundle bundle) {
    List<JwtAuthority> authorities = new ArrayList<>();
    bundle
        .getJwtAuthoritiesList()
        .forEach(
            message -> {
              try {
                authorities.add(JwtAuthority.of(message));
              } catch (GeneralSecurityException e) {
                LOG.log(
                    System.Logger.Level.WARNING,
                    "a key of JWT-SVIDs cannot be used: " + message.getKeyId(),
                    e);
              }
            });
    List<DomainBundle> federated = new ArrayList<>();
    bundle
        .getFederatedList()
        .forEach(
            message -> {
              try {
                if (!message.getTrustDomain().equals(bundle.getTrustDomain())) {
                  federated.add(DomainBundle.of(message));
                }
              } catch (GeneralSecurityException e) {
                LOG.log(
                    System.Logger.Level.WARNING,
                    "the bundle of " + message.getTrustDomain() + " cannot be used",
                    e);
              }
            });
    return Known.of(authorities, federated);
  }
}
