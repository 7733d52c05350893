package io.hostmesh.citadel.authority;

import io.hostmesh.citadel.authority.Profiles.Signer;
import io.hostmesh.citadel.authority.Profiles.Validity;
import io.hostmesh.runtime.identity.Csr;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;

/** The roots' own keys, in citadel's state folder; they may be taken away between two uses. */
final class BuiltInSource implements IntermediateSource {
  private final AuthorityFiles files;
  private final Profiles profiles;
  private final InstantSource clock;

  BuiltInSource(AuthorityFiles files, Profiles profiles, InstantSource clock) {
    this.files = files;
    this.profiles = profiles;
    this.clock = clock;
  }

  @Override
  public Optional<String> unavailable(X509Certificate root) {
    return files.hasRootKey(root)
        ? Optional.empty()
        : Optional.of(
            "the root's key is not here: put "
                + files.rootKeyPath(root)
                + " back until it is done");
  }

  @Override
  public Optional<String> signer() {
    return Optional.of("its own root");
  }

  @Override
  public boolean hasRoots() {
    return true;
  }

  @Override
  public List<X509Certificate> sign(byte[] csr, X509Certificate root, Duration lifetime) {
    Validity wished = Validity.from(clock.instant(), lifetime);
    Instant end = root.getNotAfter().toInstant();
    return List.of(
        profiles.intermediate(
            Csr.provenAuthorityKey(csr),
            new Signer(root, files.rootKey(root)),
            new Validity(
                wished.notBefore(), wished.notAfter().isBefore(end) ? wished.notAfter() : end)));
  }
}
