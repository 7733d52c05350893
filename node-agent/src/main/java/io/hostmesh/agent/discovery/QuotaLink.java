package io.hostmesh.agent.discovery;

import io.hostmesh.agent.limit.LeasedBucket;
import io.hostmesh.api.Methods;
import io.hostmesh.api.v1.LeaseAsk;
import io.hostmesh.api.v1.LeaseGrant;
import io.hostmesh.api.v1.LeaseReply;
import io.hostmesh.api.v1.LeaseRequest;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.net.SocketAddress;
import io.vertx.grpc.client.GrpcClient;
import io.vertx.grpc.client.GrpcClientResponse;
import io.vertx.grpc.client.InvalidStatusException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Leases this host's parts of mesh-wide limits from the pilot that leads, beside what requests do:
 * ten times a second while there are calls, all limits in one question, and never where there is
 * nothing to say. All on one context, but {@link #show} and {@link #close}.
 */
public final class QuotaLink implements AutoCloseable {
  private static final long ANSWER_MILLIS = 1_000;
  private static final double THOUSANDTHS = 1_000;

  private record Asked(LeasedBucket bucket, LeasedBucket.Ask ask) {}

  /** How far a question has come. */
  private static final class Progress {
    private boolean sent;
    private boolean givenUp;
  }

  private final Vertx vertx;
  private final Context context;
  private final GrpcClient grpc;
  private final List<SocketAddress> pilots;
  private List<LeasedBucket> buckets = List.of();
  private long timer = -1;
  private boolean asking;
  private boolean closed;
  private int pilot;

  /**
   * @param grpc towards pilots; closed with this
   * @param pilots at least one
   */
  public QuotaLink(Vertx vertx, GrpcClient grpc, List<SocketAddress> pilots) {
    this.vertx = vertx;
    this.context = vertx.getOrCreateContext();
    this.grpc = grpc;
    this.pilots = List.copyOf(pilots);
  }

  /** These parts are used from now on. */
  public void show(List<LeasedBucket> now) {
    List<LeasedBucket> shown = List.copyOf(now);
    context.runOnContext(
        _ -> {
          buckets = shown;
          if (shown.isEmpty()) {
            stop();
          } else if (timer < 0 && !closed) {
            timer =
                vertx.setPeriodic(
                    TimeUnit.NANOSECONDS.toMillis(LeasedBucket.TICK_NANOS),
                    _ -> context.runOnContext(_ -> tick()));
          }
        });
  }

  private void stop() {
    if (timer >= 0) {
      vertx.cancelTimer(timer);
      timer = -1;
    }
  }

  private void tick() {
    LeaseRequest.Builder request = LeaseRequest.newBuilder();
    List<Asked> asked = new ArrayList<>();
    long now = System.nanoTime();
    for (LeasedBucket bucket : buckets) {
      bucket
          .tick(now, !asking)
          .ifPresent(
              ask -> {
                asked.add(new Asked(bucket, ask));
                request.addAsks(message(bucket, ask));
              });
    }
    if (!asked.isEmpty()) {
      ask(request.build(), asked);
    }
  }

  private static LeaseAsk message(LeasedBucket bucket, LeasedBucket.Ask ask) {
    return LeaseAsk.newBuilder()
        .setService(bucket.service().full())
        .setLimit(bucket.limit())
        .setWant(ask.want())
        .setReturned(ask.returned())
        .setDemandMilli((long) (ask.demand() * THOUSANDTHS))
        .build();
  }

  private void ask(LeaseRequest request, List<Asked> asked) {
    asking = true;
    Progress progress = new Progress();
    grpc.request(pilots.get(pilot), Methods.LEASE.client())
        .compose(
            call -> {
              if (progress.givenUp) { // A connection that took too long: it is asked anew.
                call.cancel();
                return Future.failedFuture("too late");
              }
              progress.sent = true;
              return call.timeout(ANSWER_MILLIS, TimeUnit.MILLISECONDS)
                  .send(request)
                  .compose(GrpcClientResponse::last);
            })
        .timeout(ANSWER_MILLIS, TimeUnit.MILLISECONDS)
        .onComplete(
            done ->
                context.runOnContext(
                    _ -> {
                      asking = false;
                      progress.givenUp = true;
                      if (done.succeeded() && done.result() != null) {
                        take(done.result(), asked);
                      } else { // It is away, or does not lead.
                        pilot = (pilot + 1) % pilots.size();
                        // What no answer came to may have been taken: twice would be worse.
                        if (!progress.sent || isRefusal(done.cause())) {
                          long now = System.nanoTime();
                          asked.forEach(each -> each.bucket().untaken(each.ask(), now));
                        }
                      }
                    }));
  }

  /** Pilot refused it before it looked at it: it does not lead, or does not know this host. */
  private static boolean isRefusal(@Nullable Throwable cause) {
    return cause instanceof InvalidStatusException answer
        && switch (answer.actualStatus()) {
          case FAILED_PRECONDITION, UNAUTHENTICATED, PERMISSION_DENIED, UNIMPLEMENTED -> true;
          default -> false;
        };
  }

  private static void take(LeaseReply reply, List<Asked> asked) {
    long now = System.nanoTime();
    for (int i = 0; i < Math.min(asked.size(), reply.getGrantsCount()); i++) {
      LeaseGrant grant = reply.getGrants(i);
      LeasedBucket bucket = asked.get(i).bucket();
      if (grant.getUnknown()) {
        bucket.untaken(asked.get(i).ask(), now);
      } else {
        bucket.granted(grant.getGranted(), grant.getShareMilli() / THOUSANDTHS, now);
      }
    }
  }

  @Override
  public void close() {
    context.runOnContext(
        _ -> {
          closed = true;
          stop();
          grpc.close();
        });
  }
}
