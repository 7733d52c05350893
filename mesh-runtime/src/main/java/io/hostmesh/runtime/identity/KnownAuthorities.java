package io.hostmesh.runtime.identity;

import com.google.protobuf.InvalidProtocolBufferException;
import io.hostmesh.api.v1.TrustBundle;
import io.hostmesh.runtime.jwt.JwtAuthority;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/**
 * What JWT-SVIDs of the own trust domain are judged by, from disk at first and from citadel ever
 * after. Written on one context, read by any thread.
 */
final class KnownAuthorities {
  private static final System.Logger LOG = System.getLogger(KnownAuthorities.class.getName());
  private static final String FILE = "jwt-authorities";

  private final IdentityFiles files;
  private volatile List<JwtAuthority> authorities;

  /** Reads what is on disk. */
  KnownAuthorities(IdentityFiles files) {
    this.files = files;
    this.authorities = files.text(FILE).map(KnownAuthorities::parse).orElseGet(List::of);
  }

  List<JwtAuthority> authorities() {
    return authorities;
  }

  /** Takes what citadel said; returns whether it is anything else. */
  boolean heard(TrustBundle bundle) {
    List<JwtAuthority> now = read(bundle);
    if (now.equals(authorities)) {
      return false;
    }
    authorities = now;
    return true;
  }

  /** Keeps what holds now. Blocking. */
  void keep() {
    TrustBundle.Builder bundle = TrustBundle.newBuilder();
    authorities.forEach(authority -> bundle.addJwtAuthorities(authority.message()));
    files.write(FILE, Base64.getEncoder().encodeToString(bundle.build().toByteArray()) + "\n");
  }

  private static List<JwtAuthority> parse(String text) {
    try {
      return read(TrustBundle.parseFrom(Base64.getDecoder().decode(text.strip())));
    } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
      LOG.log(System.Logger.Level.WARNING, FILE + " is damaged and is treated as missing: " + e);
      return List.of();
    }
  }

  private static List<JwtAuthority> read(TrustBundle bundle) {
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
    return List.copyOf(authorities);
  }
}
