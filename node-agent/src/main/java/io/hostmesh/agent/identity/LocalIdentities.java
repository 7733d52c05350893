package io.hostmesh.agent.identity;

import io.hostmesh.model.ServiceName;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.Host;
import io.hostmesh.runtime.identity.CitadelSettings;
import io.hostmesh.runtime.identity.IdentityStatus;
import io.hostmesh.runtime.identity.KeyPairs;
import io.hostmesh.runtime.identity.NodeIdentity;
import io.hostmesh.runtime.identity.ServiceIdentities;
import io.hostmesh.runtime.tls.Svid;
import io.hostmesh.runtime.tls.TrustRoots;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.function.BooleanSupplier;

/**
 * The certificates of this host: the agent's own and those of its services, from disk at first and
 * from citadel ever after. Safe for any thread.
 */
public final class LocalIdentities implements Identities, AutoCloseable {
  private final NodeIdentity node;
  private final ServiceIdentities services;
  private final ApplicationCertificates applications;

  /**
   * Reads what is on disk, and begins to join where there is nothing. Blocking.
   *
   * @param keys of which kind they are
   * @param owner whether this process may write: of two generations, one may
   * @throws io.hostmesh.runtime.UserError where the folder cannot be used, or is another node's
   */
  public LocalIdentities(
      Host host,
      SpiffeId.Node id,
      CitadelSettings citadel,
      Path folder,
      KeySettings keys,
      BooleanSupplier owner) {
    this.node =
        NodeIdentity.start(
            host, new NodeIdentity.Settings(id, folder.resolve("node"), citadel), owner);
    this.services =
        new ServiceIdentities(
            host, node, folder.resolve("services"), KeyPairs.Kind.on(keys.services()), owner);
    this.applications =
        new ApplicationCertificates(
            host, node, folder.resolve("applications"), keys.applications(), owner);
  }

  public NodeIdentity node() {
    return node;
  }

  /** What the applications of this host may fetch for themselves. */
  public ApplicationIdentities applications() {
    return applications;
  }

  /** Says which services are here now. Blocking: reads the certificates of new ones. */
  public void services(Set<ServiceName> present) {
    services.services(present);
    applications.services(present);
  }

  /** Calls back whenever a certificate came, changed or went. */
  public void onChange(Runnable listener) {
    services.listen(_ -> listener.run());
    node.onRoots(_ -> listener.run());
  }

  @Override
  public Optional<Svid> svid(ServiceName service) {
    return services.svid(service);
  }

  @Override
  public Optional<TrustRoots> roots() {
    return node.roots();
  }

  @Override
  public Map<String, TrustRoots> foreignRoots() {
    return node.foreignRoots();
  }

  /** How each service's certificate stands. */
  public SortedMap<ServiceName, IdentityStatus> status() {
    return services.status();
  }

  /** Whose certificate is missing and why, one line each; empty where all are there. */
  public List<String> missing() {
    List<String> missing = new ArrayList<>();
    services
        .status()
        .forEach(
            (service, status) -> {
              if (services.svid(service).isEmpty()) {
                missing.add(service + ": " + status.problem().orElse("not issued yet"));
              }
            });
    return missing;
  }

  @Override
  public void close() {
    applications.close();
    services.close();
    node.close();
  }
}
