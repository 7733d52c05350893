package io.hostmesh.runtime.identity;

import io.hostmesh.api.Methods;
import io.hostmesh.api.v1.TrustBundle;
import io.hostmesh.api.v1.WatchBundleRequest;
import io.hostmesh.runtime.backoff.Backoff;
import io.hostmesh.runtime.tls.KeyIds;
import io.hostmesh.runtime.tls.TrustRoots;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.grpc.client.GrpcClientRequest;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/** Follows the trust bundle over any outage, until the connections are closed. */
final class BundleWatch {
  private static final System.Logger LOG = System.getLogger(BundleWatch.class.getName());
  private static final Backoff RECONNECT =
      new Backoff(Duration.ofMillis(250), Duration.ofSeconds(15));

  /** Citadel repeats the bundle every 30 s; a stream that is silent for longer is dead. */
  private static final long SILENCE_MS = 90_000;

  private static final long AGAIN_MS = 1_000;

  private final Vertx vertx;
  private final CitadelConnections connections;
  private final CitadelCalls calls;
  private final RandomGenerator random;
  private final Supplier<Optional<TrustRoots>> kept;
  private final Consumer<TrustRoots> listener;
  private final Consumer<TrustBundle> whole;
  private volatile Runnable again = () -> {};

  /**
   * @param kept what is told to citadel with each stream: the roots that this host keeps
   */
  BundleWatch(
      Vertx vertx,
      CitadelConnections connections,
      CitadelCalls calls,
      RandomGenerator random,
      Supplier<Optional<TrustRoots>> kept,
      Consumer<TrustRoots> listener,
      Consumer<TrustBundle> whole) {
    this.vertx = vertx;
    this.connections = connections;
    this.calls = calls;
    this.random = random;
    this.kept = kept;
    this.listener = listener;
    this.whole = whole;
  }

  void start() {
    watch(1);
  }

  /**
   * Opens another stream, which tells citadel what is kept by now: within a second, so that the
   * agents of a mesh do not come back together.
   */
  void again() {
    vertx.setTimer(1 + random.nextLong(AGAIN_MS), _ -> again.run());
  }

  private void watch(int attempt) {
    if (connections.isClosed()) {
      return;
    }
    BundleStream stream = new BundleStream();
    connections
        .authenticated()
        .compose(grpc -> calls.stream(grpc, Methods.WATCH_BUNDLE, stream::run))
        .onComplete(
            _ -> {
              int next = stream.heard ? 1 : attempt + 1;
              vertx.setTimer(
                  Math.max(1, RECONNECT.delay(next, random).toMillis()), _ -> watch(next));
            });
  }

  /** One stream of bundles; completes when it ends, is silent for too long or fails. */
  private final class BundleStream {
    private boolean heard;
    private long silence = -1; // The first timer of a program has 0.

    Future<Void> run(GrpcClientRequest<WatchBundleRequest, TrustBundle> request) {
      Promise<Void> end = Promise.promise();
      restart(request, end);
      again =
          () -> {
            request.cancel();
            end.tryComplete();
          };
      request
          .send(asking())
          .onFailure(end::tryFail)
          .onSuccess(
              response -> {
                response.exceptionHandler(end::tryFail);
                response.endHandler(_ -> end.tryComplete());
                response.handler(
                    bundle -> {
                      restart(request, end);
                      hear(bundle);
                    });
              });
      return end.future().onComplete(_ -> vertx.cancelTimer(silence));
    }

    private WatchBundleRequest asking() {
      WatchBundleRequest.Builder asking = WatchBundleRequest.newBuilder();
      kept.get()
          .ifPresent(
              roots -> roots.roots().forEach(root -> asking.addRoots(KeyIds.fingerprint(root))));
      return asking.build();
    }

    private void restart(GrpcClientRequest<?, ?> request, Promise<Void> end) {
      vertx.cancelTimer(silence);
      silence =
          vertx.setTimer(
              SILENCE_MS,
              _ -> {
                request.cancel();
                end.tryComplete();
              });
    }

    private void hear(TrustBundle bundle) {
      try {
        listener.accept(Bundles.read(bundle));
        whole.accept(bundle);
        heard = true;
      } catch (CertificateException e) {
        LOG.log(System.Logger.Level.WARNING, "citadel sent a bundle that cannot be read", e);
      }
    }
  }
}
