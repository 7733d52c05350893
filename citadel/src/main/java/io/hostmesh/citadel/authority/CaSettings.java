package io.hostmesh.citadel.authority;

import io.hostmesh.model.hocon.Section;
import io.hostmesh.runtime.identity.KeyPairs;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/**
 * Where the intermediate comes from: the object {@code ca} of citadel's configuration.
 *
 * @param source {@code source}
 * @param curve {@code curve}: of the keys that citadel makes for authorities
 * @param rootFile {@code root-file}: the roots that everyone is to trust, where they are not
 *     citadel's own
 * @param vault {@code vault}, where it is the source
 */
public record CaSettings(
    Source source, KeyPairs.Curve curve, Optional<Path> rootFile, Optional<VaultSettings> vault) {

  /** A root of citadel's own, on P-256. */
  public static final CaSettings BUILT_IN =
      new CaSettings(Source.BUILT_IN, KeyPairs.Curve.P256, Optional.empty(), Optional.empty());

  /** Who signs the intermediate. */
  public enum Source {
    /** Citadel's own root. */
    BUILT_IN,
    /** Someone elsewhere, who is handed a certificate request. */
    CSR,
    /** Vault's PKI engine. */
    VAULT;

    /** As it is written in configurations. */
    public String text() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  /**
   * Reads the object {@code ca}.
   *
   * @throws io.hostmesh.model.hocon.HoconException where a value cannot be used, or is missing
   */
  public static CaSettings read(Section section) {
    Source source = section.choice("source", Source.class, Source.BUILT_IN);
    KeyPairs.Curve curve = section.choice("curve", KeyPairs.Curve.class, KeyPairs.Curve.P256);
    Optional<Path> rootFile = section.optionalValue("root-file", Path::of);
    Optional<VaultSettings> vault =
        VaultSettings.read(section.section("vault"), source == Source.VAULT);
    if (source != Source.BUILT_IN && rootFile.isEmpty()) {
      throw section.refuse("root-file", "is required where ca.source is " + source.text());
    }
    if (source == Source.BUILT_IN && rootFile.isPresent()) {
      throw section.refuse(
          "root-file", "is for other sources: with ca.source = built-in citadel makes the root");
    }
    return new CaSettings(source, curve, rootFile, vault);
  }
}
