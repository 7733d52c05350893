package io.hostmesh.pilot;

import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.Host;
import io.hostmesh.runtime.identity.IdentityStatus;
import io.hostmesh.runtime.identity.NodeIdentity;
import io.hostmesh.runtime.tls.TrustRoots;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import javax.net.ssl.X509KeyManager;
import javax.net.ssl.X509TrustManager;

/** What pilot needs of an identity. Safe for any thread. */
interface PilotIdentity extends AutoCloseable {
  /** Completes once there is a certificate; fails with a UserError where only a person can help. */
  Future<?> ready();

  /** The roots that hold now; empty before the first join. */
  Optional<TrustRoots> roots();

  void onRoots(Consumer<TrustRoots> listener);

  X509KeyManager keys();

  /**
   * @param expectation who is accepted, in words
   */
  X509TrustManager trust(Predicate<SpiffeId> accepted, String expectation);

  /** Why it cannot be used now; empty while it can. */
  Optional<String> problem();

  /** For status. */
  JsonObject describe();

  @Override
  void close();

  /** The identity that citadel gives, kept below the state folder. */
  static PilotIdentity fromCitadel(PilotConfig config, Host host) {
    NodeIdentity identity =
        NodeIdentity.start(
            host,
            new NodeIdentity.Settings(
                new SpiffeId.Control(config.mesh().trustDomain(), SpiffeId.Control.Role.PILOT),
                config.stateDir().resolve("identity"),
                config.citadel()),
            () -> true);
    return new PilotIdentity() {
      @Override
      public Future<?> ready() {
        return identity.ready();
      }

      @Override
      public Optional<TrustRoots> roots() {
        return identity.roots();
      }

      @Override
      public void onRoots(Consumer<TrustRoots> listener) {
        identity.onRoots(listener);
      }

      @Override
      public X509KeyManager keys() {
        return identity.keyManager();
      }

      @Override
      public X509TrustManager trust(Predicate<SpiffeId> accepted, String expectation) {
        return identity.trustManager(accepted, expectation);
      }

      @Override
      public Optional<String> problem() {
        return identity.problem();
      }

      @Override
      public JsonObject describe() {
        return PilotIdentity.describe(identity.status());
      }

      @Override
      public void close() {
        identity.close();
      }
    };
  }

  private static JsonObject describe(IdentityStatus status) {
    JsonObject json = new JsonObject().put("late", status.late());
    status.id().ifPresent(id -> json.put("id", id));
    status.serial().ifPresent(serial -> json.put("serial", serial));
    status.notAfter().ifPresent(end -> json.put("not-after", end.toString()));
    status.renewAt().ifPresent(at -> json.put("renew-at", at.toString()));
    status.problem().ifPresent(problem -> json.put("problem", problem));
    return json;
  }
}
