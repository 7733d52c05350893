package io.hostmesh.registry;

import io.hostmesh.model.hocon.Section;
import io.hostmesh.runtime.state.SecretFile;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where the registry is and how to talk to it: the object {@code registry} of a daemon's
 * configuration.
 *
 * @param address {@code host:port} of Consul's HTTP API; an IPv6 address stands in brackets
 * @param scheme {@code http} or {@code https}
 * @param datacenter the datacenter whose catalog is the mesh's
 * @param token Consul's ACL token: {@code token}, else the content of {@code token-file}
 * @param localAgent whether the address is that of this host's own Consul agent
 * @param tls how {@code https} is trusted
 */
public record RegistrySettings(
    String address,
    Scheme scheme,
    String datacenter,
    Optional<String> token,
    LocalAgent localAgent,
    Tls tls) {

  public static final String DEFAULT_ADDRESS = "127.0.0.1:8500";
  public static final String DEFAULT_DATACENTER = "dc1";

  private static final Pattern ADDRESS =
      Pattern.compile("(?<host>[A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+]):(?<port>[0-9]{1,5})");

  /** The URL's scheme. */
  public enum Scheme {
    HTTP,
    HTTPS
  }

  /** Which way services are registered. */
  public enum LocalAgent {
    /**
     * With the Consul agent, where the address is a loopback address and a real Consul agent
     * answers there; by catalog writes otherwise.
     */
    AUTO,
    /** Always with the Consul agent at the address. */
    YES,
    /** Always by catalog writes under this host's own node name. */
    NO
  }

  /**
   * TLS towards the registry. Only read for {@code https}.
   *
   * @param caFile PEM certificates to trust; the JDK's own set otherwise
   * @param certFile PEM chain to present, for a Consul with {@code verify_incoming}
   * @param keyFile PEM key (PKCS #8, EC) of that chain
   */
  public record Tls(Optional<Path> caFile, Optional<Path> certFile, Optional<Path> keyFile) {
    static final Tls NONE = new Tls(Optional.empty(), Optional.empty(), Optional.empty());
  }

  /**
   * @throws IllegalArgumentException where the address has no such form
   */
  public RegistrySettings {
    checkAddress(address);
  }

  /** Plain HTTP at an address, all else as by default. */
  public static RegistrySettings at(String address) {
    return new RegistrySettings(
        address, Scheme.HTTP, DEFAULT_DATACENTER, Optional.empty(), LocalAgent.AUTO, Tls.NONE);
  }

  public RegistrySettings with(LocalAgent mode) {
    return new RegistrySettings(address, scheme, datacenter, token, mode, tls);
  }

  /**
   * Reads the object {@code registry}.
   *
   * @throws io.hostmesh.model.hocon.HoconException where a value cannot be used
   * @throws io.hostmesh.runtime.UserError where the token's file cannot be read
   */
  public static RegistrySettings read(Section section) {
    String address = section.value("address", RegistrySettings::checkAddress, DEFAULT_ADDRESS);
    Scheme scheme = section.choice("scheme", Scheme.class, Scheme.HTTP);
    Optional<String> token = section.optionalString("token");
    Optional<Path> tokenFile = section.optionalValue("token-file", Path::of);
    return new RegistrySettings(
        address,
        scheme,
        section.string("datacenter", DEFAULT_DATACENTER),
        token.or(() -> tokenFile.map(file -> SecretFile.read(file).strip())),
        section.choice("local-agent", LocalAgent.class, LocalAgent.AUTO),
        tls(section.section("tls")));
  }

  private static Tls tls(Section section) {
    Tls tls =
        new Tls(
            section.optionalValue("ca-file", Path::of),
            section.optionalValue("cert-file", Path::of),
            section.optionalValue("key-file", Path::of));
    if (tls.certFile().isPresent() != tls.keyFile().isPresent()) {
      throw section.refuse("cert-file", "cert-file and key-file are set together or not at all");
    }
    return tls;
  }

  private static String checkAddress(String address) {
    Matcher matcher = ADDRESS.matcher(address);
    if (!matcher.matches()
        || Integer.parseInt(matcher.group("port")) < 1
        || Integer.parseInt(matcher.group("port")) > 65535) {
      throw new IllegalArgumentException(
          "\"" + address + "\" is not host:port; write for instance " + DEFAULT_ADDRESS);
    }
    return address;
  }

  /** The API's base, without a path. */
  public String url() {
    return (scheme == Scheme.HTTPS ? "https://" : "http://") + address;
  }

  /** Whether the address is this host itself, going by its text. */
  boolean isLoopback() {
    String host = address.substring(0, address.lastIndexOf(':'));
    return host.equals("localhost") || host.equals("[::1]") || host.startsWith("127.");
  }

  /** Never the token. */
  @Override
  public String toString() {
    return url();
  }
}
