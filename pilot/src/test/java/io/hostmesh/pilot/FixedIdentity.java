package io.hostmesh.pilot;

import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.tls.SpiffeTrustManager;
import io.hostmesh.runtime.tls.Svid;
import io.hostmesh.runtime.tls.SvidKeyManager;
import io.hostmesh.runtime.tls.TrustRoots;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Predicate;
import javax.net.ssl.X509KeyManager;
import javax.net.ssl.X509TrustManager;

/** An identity that is there from the beginning; its roots change when a test says so. */
final class FixedIdentity implements PilotIdentity {
  private final Svid svid;
  private final List<Consumer<TrustRoots>> listeners = new CopyOnWriteArrayList<>();
  private volatile TrustRoots trusted;

  FixedIdentity(Svid svid, TrustRoots trusted) {
    this.svid = svid;
    this.trusted = trusted;
  }

  /** Citadel has told of other roots. */
  void trust(TrustRoots roots) {
    trusted = roots;
    listeners.forEach(listener -> listener.accept(roots));
  }

  @Override
  public Future<?> ready() {
    return Future.succeededFuture();
  }

  @Override
  public Optional<TrustRoots> roots() {
    return Optional.of(trusted);
  }

  @Override
  public void onRoots(Consumer<TrustRoots> listener) {
    listeners.add(listener);
  }

  @Override
  public X509KeyManager keys() {
    return new SvidKeyManager(() -> svid);
  }

  @Override
  public X509TrustManager trust(Predicate<SpiffeId> accepted, String expectation) {
    return new SpiffeTrustManager(() -> trusted, accepted, expectation, InstantSource.system());
  }

  @Override
  public Optional<String> problem() {
    return Optional.empty();
  }

  @Override
  public JsonObject describe() {
    return new JsonObject().put("id", svid.id().uri());
  }

  @Override
  public void close() {}
}
