package io.hostmesh.citadel.attest;

import io.hostmesh.model.hocon.Section;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;

/**
 * The object {@code attest.x509pop} of citadel's configuration.
 *
 * @param caFile {@code ca-file}: PEM of the CAs that vouch for machines
 * @param from {@code node-name}: where the node's name stands
 * @param domain {@code domain}: what is taken off that name
 * @param allow {@code allow}: names of nodes, with {@code *} for any letters
 */
public record X509PopSettings(
    Path caFile, NameFrom from, Optional<String> domain, List<String> allow) {
  private static final int DNS_NAME = 2;

  /** Where a machine's certificate has its name. */
  public enum NameFrom {
    /** The subject's common name. */
    CN,
    /** The DNS names of the subject's alternative names. */
    SAN_DNS
  }

  public X509PopSettings {
    allow = List.copyOf(allow);
  }

  /**
   * Reads the object; empty where no CA is named.
   *
   * @throws io.hostmesh.model.hocon.HoconException where a value cannot be used
   */
  public static Optional<X509PopSettings> read(Section section) {
    Optional<Path> caFile = section.optionalValue("ca-file", Path::of);
    NameFrom from = section.choice("node-name", NameFrom.class, NameFrom.SAN_DNS);
    Optional<String> domain =
        section
            .optionalString("domain")
            .map(
                text -> (text.startsWith(".") ? text.substring(1) : text).toLowerCase(Locale.ROOT));
    List<String> allow = section.strings("allow");
    return caFile.map(
        file -> new X509PopSettings(file, from, domain, allow.isEmpty() ? List.of("*") : allow));
  }

  boolean isAllowed(String node) {
    return allow.stream()
        .anyMatch(
            pattern ->
                Pattern.matches(Pattern.quote(pattern).replace("*", "\\E[a-z0-9-]*\\Q"), node));
  }

  /** The nodes that this certificate is for. */
  List<String> nodeNames(X509Certificate certificate) throws CertificateException {
    return (from == NameFrom.CN ? commonNames(certificate) : dnsNames(certificate))
        .stream().map(name -> name.toLowerCase(Locale.ROOT)).flatMap(this::node).toList();
  }

  private java.util.stream.Stream<String> node(String name) {
    String end = domain.map(text -> "." + text).orElse("");
    return name.endsWith(end)
        ? java.util.stream.Stream.of(name.substring(0, name.length() - end.length()))
        : java.util.stream.Stream.empty();
  }

  private static List<String> commonNames(X509Certificate certificate) throws CertificateException {
    try {
      List<String> names = new ArrayList<>();
      for (Rdn part : new LdapName(certificate.getSubjectX500Principal().getName()).getRdns()) {
        if (part.getType().equalsIgnoreCase("CN") && part.getValue() instanceof String name) {
          names.add(name);
        }
      }
      // Two would leave open which of them the CA meant.
      return names.size() == 1 ? names : List.of();
    } catch (InvalidNameException e) {
      throw new CertificateException("its subject cannot be read", e);
    }
  }

  private static List<String> dnsNames(X509Certificate certificate) throws CertificateException {
    Collection<List<?>> names = certificate.getSubjectAlternativeNames();
    return names == null
        ? List.of()
        : names.stream()
            .filter(name -> name.getFirst() instanceof Integer type && type == DNS_NAME)
            .map(name -> String.valueOf(name.get(1)))
            .toList();
  }
}
