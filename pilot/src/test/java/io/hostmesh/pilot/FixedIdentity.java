package io.hostmesh.pilot;

import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.tls.SpiffeTrustManager;
import io.hostmesh.runtime.tls.Svid;
import io.hostmesh.runtime.tls.SvidKeyManager;
import io.hostmesh.runtime.tls.TrustRoots;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.time.InstantSource;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import javax.net.ssl.X509KeyManager;
import javax.net.ssl.X509TrustManager;

/** An identity that is there from the beginning and stays as it is. */
record FixedIdentity(Svid svid, TrustRoots trusted) implements PilotIdentity {
  @Override
  public Future<?> ready() {
    return Future.succeededFuture();
  }

  @Override
  public Optional<TrustRoots> roots() {
    return Optional.of(trusted);
  }

  @Override
  public void onRoots(Consumer<TrustRoots> listener) {}

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
