package io.hostmesh.citadel.authority;

import io.hostmesh.model.hocon.Section;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * Vault's PKI secrets engine: the object {@code ca.vault} of citadel's configuration.
 *
 * @param address {@code address}: its URL
 * @param mount {@code mount}: where the engine is mounted
 * @param issuer {@code issuer}: which of its issuers signs; its default one where empty
 * @param tokenFile {@code token-file}: a closed file, read for every request
 * @param namespace {@code namespace}: of Vault Enterprise
 * @param caFile {@code ca-file}: PEM certificates to trust; the JDK's where empty
 * @param timeout {@code timeout} of a request
 */
public record VaultSettings(
    URI address,
    String mount,
    Optional<String> issuer,
    Path tokenFile,
    Optional<String> namespace,
    Optional<Path> caFile,
    Duration timeout) {
  private static final Duration LONGEST = Duration.ofMinutes(1);

  /**
   * Reads the object.
   *
   * @param isWanted whether it has to be there
   * @throws io.hostmesh.model.hocon.HoconException where a value cannot be used, or is missing
   */
  static Optional<VaultSettings> read(Section section, boolean isWanted) {
    Optional<URI> address = section.optionalValue("address", VaultSettings::address);
    String mount = section.value("mount", VaultSettings::path, "pki");
    Optional<String> issuer = section.optionalValue("issuer", VaultSettings::path);
    Optional<Path> tokenFile = section.optionalValue("token-file", Path::of);
    Optional<String> namespace = section.optionalValue("namespace", VaultSettings::path);
    Optional<Path> caFile = section.optionalValue("ca-file", Path::of);
    Duration timeout = section.duration("timeout", Duration.ofSeconds(10));
    if (timeout.isZero() || timeout.compareTo(LONGEST) > 0) {
      throw section.refuse("timeout", "is within 1ms to 1m");
    }
    if (!isWanted) {
      return Optional.empty();
    }
    return Optional.of(
        new VaultSettings(
            address.orElseThrow(() -> missing(section, "address")),
            mount,
            issuer,
            tokenFile.orElseThrow(() -> missing(section, "token-file")),
            namespace,
            caFile,
            timeout));
  }

  private static RuntimeException missing(Section section, String key) {
    return section.refuse(key, "is required where ca.source is vault");
  }

  private static URI address(String text) {
    URI address = URI.create(text);
    boolean isUsable =
        address.getHost() != null
            && ("https".equals(address.getScheme()) || isLoopback(address))
            && address.getFragment() == null
            && address.getUserInfo() == null
            && address.getQuery() == null;
    if (!isUsable) {
      throw new IllegalArgumentException(
          "is not a URL such as https://vault.example.com:8200; http is for 127.0.0.1 and [::1] only,"
              + " since the token is in every request");
    }
    return address;
  }

  private static boolean isLoopback(URI address) {
    return "http".equals(address.getScheme())
        && ("127.0.0.1".equals(address.getHost()) || "[::1]".equals(address.getHost()));
  }

  private static String path(String text) {
    if (!text.matches("[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*/?")) {
      throw new IllegalArgumentException("is not a path such as pki");
    }
    return text.endsWith("/") ? text.substring(0, text.length() - 1) : text;
  }
}
