package io.hostmesh.citadel;

import io.hostmesh.citadel.attest.X509PopSettings;
import io.hostmesh.citadel.authority.CaSettings;
import io.hostmesh.citadel.authority.Lifetimes;
import io.hostmesh.citadel.federation.FederationSettings;
import io.hostmesh.citadel.ledger.Ledger;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.model.hocon.Section;
import io.hostmesh.registry.RegistrySettings;
import io.hostmesh.runtime.HostPort;
import io.hostmesh.runtime.admin.AdminSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * Citadel's configuration; {@code config/citadel.conf} describes every key.
 *
 * @param trustDomain {@code trust-domain}
 * @param listen {@code listen}: where nodes and pilots ask
 * @param metricsListen {@code metrics.listen}
 * @param stateDir {@code state-dir}: keys, ledger, and what was last heard from the registry
 * @param ledger the object {@code ledger}
 * @param admin the objects {@code admin} and {@code audit}
 * @param passphraseFile {@code key.passphrase-file}
 * @param createPassphrase {@code key.create}: whether a missing passphrase file is made
 * @param ca the object {@code ca}: who signs the intermediate
 * @param lifetimes the object of lifetimes of certificates
 * @param x509pop {@code attest.x509pop}: by which certificates machines join without a token
 * @param federation the object {@code federation}: other trust domains
 * @param tokenLifetime {@code token.lifetime}: of a join token where the operator does not say
 */
public record CitadelConfig(
    String trustDomain,
    HostPort listen,
    HostPort metricsListen,
    Path stateDir,
    AdminSettings admin,
    Ledger.Settings ledger,
    Path passphraseFile,
    boolean createPassphrase,
    RegistrySettings registry,
    CaSettings ca,
    Lifetimes lifetimes,
    Optional<X509PopSettings> x509pop,
    FederationSettings federation,
    Duration tokenLifetime) {
  static final Path DEFAULT_STATE = Path.of("/var/lib/hostmesh-citadel");
  static final Path DEFAULT_SOCKET = Path.of("/run/hostmesh-citadel/citadel.sock");

  /**
   * Reads citadel's own keys.
   *
   * @throws io.hostmesh.model.hocon.HoconException where a value cannot be used
   */
  public static CitadelConfig read(Section section) {
    Section key = section.section("key");
    Path stateDir = section.value("state-dir", Path::of, DEFAULT_STATE);
    Duration tokenLifetime = section.section("token").duration("lifetime", Duration.ofHours(1));
    String trustDomain =
        section.value("trust-domain", CitadelConfig::trustDomain, "hostmesh.local");
    return new CitadelConfig(
        trustDomain,
        section.value("listen", HostPort::parse, new HostPort("0.0.0.0", 15010)),
        section.section("metrics").value("listen", HostPort::parse, new HostPort("0.0.0.0", 15011)),
        stateDir,
        AdminSettings.read(section, DEFAULT_SOCKET),
        Ledger.Settings.read(section.section("ledger")),
        key.value("passphrase-file", Path::of, stateDir.resolve("passphrase")),
        key.bool("create", true),
        RegistrySettings.read(section.section("registry")),
        CaSettings.read(section.section("ca")),
        Lifetimes.read(section.section("lifetime")),
        X509PopSettings.read(section.section("attest").section("x509pop")),
        FederationSettings.read(section.section("federation"), trustDomain),
        tokenLifetime);
  }

  /** The id's own rule for trust domains. */
  private static String trustDomain(String text) {
    return new SpiffeId.Control(text, SpiffeId.Control.Role.CITADEL).trustDomain();
  }
}
