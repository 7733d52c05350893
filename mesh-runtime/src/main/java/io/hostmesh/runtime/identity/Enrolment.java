package io.hostmesh.runtime.identity;

import io.hostmesh.runtime.Host;
import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.state.SecretFile;
import io.hostmesh.runtime.tls.Svid;
import io.hostmesh.runtime.tls.TrustRoots;
import io.vertx.core.Context;
import io.vertx.core.Future;
import java.security.KeyPair;
import java.security.cert.CertificateException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How a node or a pilot comes by its own certificate: joins with a token or by what proves the
 * machine ({@link NodeAttestor}), renews with the key that it has, and joins anew with another
 * token or the same proof where citadel accepts its certificate no more. What it gets is on disk
 * when an attempt succeeds. For one attempt at a time.
 */
final class Enrolment {
  private static final System.Logger LOG = System.getLogger(Enrolment.class.getName());
  private static final String PENDING_KEY = "join-key.pem";
  private static final String JOINED_WITH = "joined-with";

  private final Host host;
  private final NodeIdentity.Settings settings;
  private final CurrentIdentity identity;
  private final IdentityFiles files;
  private final Citadel citadel;
  private final Context context;

  private boolean notAccepted;
  private @Nullable RefusedToken refusedToken;

  private record RefusedToken(String text, String why) {}

  /**
   * @param context where blocking work is ordered
   */
  Enrolment(
      Host host,
      NodeIdentity.Settings settings,
      CurrentIdentity identity,
      IdentityFiles files,
      Citadel citadel,
      Context context) {
    this.host = host;
    this.settings = settings;
    this.identity = identity;
    this.files = files;
    this.citadel = citadel;
    this.context = context;
  }

  /**
   * Joins where there is no certificate, renews where there is one.
   *
   * @return fails with {@link UserError} or {@link CitadelException}
   */
  Future<Svid> attempt(@Nullable Svid held) {
    return (held == null ? join() : renew(held))
        .onSuccess(_ -> notAccepted = false)
        .onFailure(
            failure ->
                notAccepted |=
                    failure instanceof CitadelException refused
                        && refused.kind() == CitadelException.Kind.NOT_ACCEPTED);
  }

  /** Whether only a person can help. */
  static boolean isRefusal(Throwable failure) {
    return failure instanceof UserError
        || (failure instanceof CitadelException refused
            && refused.kind() == CitadelException.Kind.TOKEN);
  }

  private Future<Svid> join() {
    Optional<NodeAttestor> attestor = settings.citadel().attestor();
    if (attestor.isPresent()) {
      return Blocking.run(context, this::anotherToken)
          .compose(
              token ->
                  token
                      .map(this::joinWith)
                      .orElseGet(
                          () ->
                              Blocking.run(context, () -> files.pendingKey(PENDING_KEY))
                                  .compose(pair -> joinBy(attestor.get(), pair))));
    }
    return Blocking.run(context, this::token)
        .compose(
            token ->
                refusal(token)
                    .map(why -> new CitadelException(CitadelException.Kind.TOKEN, why))
                    .map(Future::<Svid>failedFuture)
                    .orElseGet(() -> joinWith(token)));
  }

  private Future<Svid> joinWith(JoinToken token) {
    return Blocking.run(context, () -> files.pendingKey(PENDING_KEY))
        .compose(
            pair ->
                citadel
                    .join(token, settings.node(), Csr.of(pair))
                    .onFailure(
                        failure -> {
                          if (isRefusal(failure)) {
                            refusedToken =
                                new RefusedToken(
                                    token.text(), String.valueOf(failure.getMessage()));
                          }
                        })
                    .compose(issued -> joined(issued, pair, token.id())));
  }

  private Future<Svid> joinBy(NodeAttestor attestor, KeyPair pair) {
    return citadel
        .join(attestor, settings.node(), Csr.of(pair))
        .compose(issued -> joined(issued, pair, attestor.name()));
  }

  private Future<Svid> joined(Issued issued, KeyPair pair, String by) {
    return Blocking.run(
        context,
        () -> {
          Svid svid = proven(issued, issued.roots(), pair);
          identity.roots(issued.roots());
          identity.roots().ifPresent(files::writeRoots);
          files.writeSvid(NodeIdentity.OWN, svid);
          files.write(JOINED_WITH, by + "\n");
          files.delete(PENDING_KEY);
          return svid;
        });
  }

  /** Why citadel refused this token when it was last shown; it is not asked again. */
  private Optional<String> refusal(JoinToken token) {
    RefusedToken past = refusedToken;
    return past != null && past.text().equals(token.text())
        ? Optional.of(past.why())
        : Optional.empty();
  }

  /** The configured token; which one it is may change while waiting. */
  private JoinToken token() {
    CitadelSettings source = settings.citadel();
    String text =
        source
            .token()
            .or(() -> source.tokenFile().map(SecretFile::read))
            .orElseThrow(
                () ->
                    new UserError(
                        "this host has not joined the mesh and there is no join token: make one "
                            + "with \"hostmesh token create\" and set citadel.token-file"));
    try {
      return JoinToken.parse(text);
    } catch (IllegalArgumentException e) {
      throw new UserError(
          source.tokenFile().map(file -> file + ": ").orElse("citadel.token: ") + e.getMessage(),
          e);
    }
  }

  private Future<Svid> renew(Svid held) {
    if (notAccepted) {
      return Blocking.run(context, this::anotherToken)
          .compose(
              token ->
                  token
                      .map(this::joinWith)
                      .or(
                          () ->
                              settings
                                  .citadel()
                                  .attestor()
                                  .map(attestor -> joinBy(attestor, pair(held))))
                      .orElseGet(() -> renewWithKey(held)));
    }
    return renewWithKey(held);
  }

  /** A token that this host has not joined with yet: how an operator readmits it. */
  private Optional<JoinToken> anotherToken() {
    String used = files.text(JOINED_WITH).map(String::strip).orElse("");
    try {
      return Optional.of(token())
          .filter(token -> !token.id().equals(used) && refusal(token).isEmpty());
    } catch (UserError none) {
      LOG.log(System.Logger.Level.DEBUG, "no other join token", none);
      return Optional.empty();
    }
  }

  private Future<Svid> renewWithKey(Svid held) {
    KeyPair pair = pair(held);
    return citadel
        .renew(Csr.of(pair))
        .compose(
            issued ->
                Blocking.run(
                    context,
                    () -> {
                      Svid svid = proven(issued, identity.roots().orElse(issued.roots()), pair);
                      if (identity.roots(issued.roots())) {
                        identity.roots().ifPresent(files::writeRoots);
                      }
                      files.writeSvid(NodeIdentity.OWN, svid);
                      return svid;
                    }));
  }

  private static KeyPair pair(Svid held) {
    return new KeyPair(held.leaf().getPublicKey(), held.key());
  }

  private Svid proven(Issued issued, TrustRoots roots, KeyPair pair) throws CertificateException {
    return issued.proven(pair, settings.id()::equals, roots, host.clock().instant());
  }
}
