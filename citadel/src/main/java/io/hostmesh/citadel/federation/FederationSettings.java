package io.hostmesh.citadel.federation;

import io.hostmesh.model.SpiffeId;
import io.hostmesh.model.hocon.Section;
import io.hostmesh.runtime.HostPort;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The object {@code federation} of citadel's configuration.
 *
 * @param listen {@code listen}: where others read this domain's bundle; nowhere where empty
 * @param profile {@code profile}: how this side proves itself there
 * @param certFile {@code cert-file}, with {@code key-file}: for https-web
 * @param refresh {@code refresh}: how often others should look
 * @param domains {@code domains}: whose identities are judged, by trust domain
 */
public record FederationSettings(
    Optional<HostPort> listen,
    Profile profile,
    Optional<Path> certFile,
    Optional<Path> keyFile,
    Duration refresh,
    SortedMap<String, Domain> domains) {
  /** How a bundle endpoint proves itself (SPIFFE Federation section 5.2). */
  public enum Profile {
    /** By an SVID of its own trust domain. */
    HTTPS_SPIFFE,
    /** As web servers do, by a public or a private CA. */
    HTTPS_WEB
  }

  /**
   * Another trust domain.
   *
   * @param endpointId who answers there, for https-spiffe
   * @param bundleFile its bundle for the first time, for https-spiffe
   * @param caFile PEM of whom to trust instead of the JDK's, for https-web
   */
  public record Domain(
      String trustDomain,
      URI endpoint,
      Profile profile,
      Optional<String> endpointId,
      Optional<Path> bundleFile,
      Optional<Path> caFile) {}

  public FederationSettings {
    domains = Collections.unmodifiableSortedMap(new TreeMap<>(domains));
  }

  /**
   * Reads the object {@code federation}.
   *
   * @param own this trust domain
   * @throws io.hostmesh.model.hocon.HoconException where a value cannot be used
   */
  public static FederationSettings read(Section section, String own) {
    SortedMap<String, Domain> domains = new TreeMap<>();
    Section others = section.section("domains");
    for (String name : others.keys()) {
      if (name.equals(own)) {
        throw others.refuse(name, "is this trust domain itself");
      }
      try {
        String _ = new SpiffeId.Node(name, "node").trustDomain();
      } catch (IllegalArgumentException e) {
        throw others.refuse(name, String.valueOf(e.getMessage()));
      }
      domains.put(name, domain(name, others.section(name)));
    }
    FederationSettings settings =
        new FederationSettings(
            section.optionalValue("listen", HostPort::parse),
            section.choice("profile", Profile.class, Profile.HTTPS_SPIFFE),
            section.optionalValue("cert-file", Path::of),
            section.optionalValue("key-file", Path::of),
            section.duration("refresh", Duration.ofMinutes(5)),
            domains);
    if (settings.listen.isPresent()
        && settings.profile == Profile.HTTPS_WEB
        && (settings.certFile.isEmpty() || settings.keyFile.isEmpty())) {
      throw section.refuse("profile", "https-web needs cert-file and key-file");
    }
    return settings;
  }

  private static Domain domain(String name, Section section) {
    Domain domain =
        new Domain(
            name,
            section.value("endpoint", FederationSettings::https),
            section.choice("profile", Profile.class, Profile.HTTPS_SPIFFE),
            section.optionalString("endpoint-id"),
            section.optionalValue("bundle-file", Path::of),
            section.optionalValue("ca-file", Path::of));
    if (domain.profile == Profile.HTTPS_SPIFFE
        && (domain.bundleFile.isEmpty()
            || !domain.endpointId.orElse("").startsWith("spiffe://" + name + "/"))) {
      throw section.refuse(
          "profile",
          "https-spiffe needs endpoint-id, an id of spiffe://"
              + name
              + "/, and bundle-file, the domain's bundle for the first time");
    }
    return domain;
  }

  private static URI https(String text) {
    URI uri = URI.create(text);
    if (!"https".equals(uri.getScheme()) || uri.getHost() == null || uri.getUserInfo() != null) {
      throw new IllegalArgumentException("\"" + text + "\" is not a URL of https");
    }
    return uri;
  }
}
