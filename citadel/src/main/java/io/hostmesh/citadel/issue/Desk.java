package io.hostmesh.citadel.issue;

import io.hostmesh.api.v1.Challenge;
import io.hostmesh.api.v1.ChallengeRequest;
import io.hostmesh.api.v1.IssueJwtRequest;
import io.hostmesh.api.v1.IssueRequest;
import io.hostmesh.api.v1.IssuedJwt;
import io.hostmesh.api.v1.JoinRequest;
import io.hostmesh.api.v1.RenewRequest;
import io.hostmesh.citadel.Refusal;
import io.hostmesh.citadel.attest.Joining;
import io.hostmesh.citadel.attest.Nodes;
import io.hostmesh.citadel.authority.Lifetimes;
import io.hostmesh.citadel.revoke.Revocations;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.identity.Csr;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Decides on every request for a certificate: proof of the key, who asks, what they may have, then
 * the {@link Issuer}. Safe for any thread; blocks. Each method answers with a chain, the leaf
 * first, or throws {@link Refusal}.
 */
public final class Desk {
  private final String trustDomain;
  private final String datacenter;
  private final Lifetimes lifetimes;
  private final Joining joining;
  private final Nodes nodes;
  private final Entitlements entitlements;
  private final Revocations revocations;
  private final Issuer issuer;
  private final JwtIssuer jwtIssuer;
  private final InstantSource clock;

  /**
   * @param datacenter the one that service ids of this citadel name
   */
  public Desk(
      String trustDomain,
      String datacenter,
      Lifetimes lifetimes,
      Joining joining,
      Nodes nodes,
      Entitlements entitlements,
      Revocations revocations,
      Issuer issuer,
      JwtIssuer jwtIssuer,
      InstantSource clock) {
    this.trustDomain = trustDomain;
    this.datacenter = datacenter;
    this.lifetimes = lifetimes;
    this.joining = joining;
    this.nodes = nodes;
    this.entitlements = entitlements;
    this.revocations = revocations;
    this.issuer = issuer;
    this.jwtIssuer = jwtIssuer;
    this.clock = clock;
  }

  /** What a proof of a machine that has no token must be bound to. */
  public Challenge challenge(ChallengeRequest request, String from) {
    return joining.challenge(request, from);
  }

  /**
   * A machine that nobody knows joins.
   *
   * @param from the address that it asks from
   */
  public List<X509Certificate> join(JoinRequest request, String from) {
    Joining.Joined joined = joining.join(request, from);
    return issuer.issue("join", joined.by(), joined.id(), joined.key(), lifetimes.node());
  }

  /** Whoever has joined gets its certificate anew, for the same id and the same key. */
  public List<X509Certificate> renew(RenewRequest request, Asker asker) {
    PublicKey key = wellFormed(() -> Csr.provenKey(request.getCsr().toByteArray()));
    if (!key.equals(asker.leaf().getPublicKey())) {
      throw new Refusal(
          Refusal.Reason.MALFORMED, "a renewal is for the key of the certificate that asks");
    }
    if (asker.isExpired() && clock.instant().isAfter(asker.expired().plus(lifetimes.rejoin()))) {
      throw new Refusal(
          Refusal.Reason.NOT_ACCEPTED,
          "the certificate of "
              + asker.id()
              + " expired at "
              + asker.expired()
              + ", longer ago than lifetime.rejoin; join again with a new token");
    }
    switch (asker.id()) {
      case SpiffeId.Node node -> {
        nodes.checkCurrent(node.node(), asker.key());
        revocations.check(node.node(), Optional.empty());
      }
      case SpiffeId.Control control when control.role() == SpiffeId.Control.Role.PILOT -> {}
      default ->
          throw new Refusal(
              Refusal.Reason.NOT_ACCEPTED, "only nodes and pilots renew here, not " + asker.id());
    }
    revocations.checkShown(asker.id(), asker.leaf());
    return issuer.issue("renew", asker.id().uri(), asker.id(), key, lifetimes.node());
  }

  /** A node asks for a service of its own. */
  public List<X509Certificate> issue(IssueRequest request, Asker asker) {
    SpiffeId.Service id = entitled(request.getNamespace(), request.getService(), asker);
    PublicKey key = wellFormed(() -> Csr.provenServiceKey(request.getCsr().toByteArray()));
    return issuer.issue("issue", asker.id().uri(), id, key, lifetimes.of(id.name()));
  }

  /** A node asks for a token of a service of its own. */
  public IssuedJwt issueJwt(IssueJwtRequest request, Asker asker) {
    SpiffeId.Service id = entitled(request.getNamespace(), request.getService(), asker);
    return jwtIssuer.issue(asker.id().uri(), id, request.getAudienceList());
  }

  /** Whose id a node may ask for. */
  private SpiffeId.Service entitled(String namespace, String name, Asker asker) {
    ServiceName service = wellFormed(() -> new ServiceName(namespace, name));
    if (!(asker.id() instanceof SpiffeId.Node node)) {
      throw new Refusal(
          Refusal.Reason.NOT_ACCEPTED,
          "only nodes ask for services' certificates, not " + asker.id());
    }
    asker.requireValid();
    nodes.checkCurrent(node.node(), asker.key());
    revocations.check(node.node(), Optional.of(service));
    revocations.checkShown(asker.id(), asker.leaf());
    entitlements.check(node.node(), service);
    return SpiffeId.Service.of(trustDomain, datacenter, service);
  }

  private static <T> T wellFormed(Supplier<T> parse) {
    try {
      return parse.get();
    } catch (IllegalArgumentException e) {
      throw new Refusal(Refusal.Reason.MALFORMED, String.valueOf(e.getMessage()), e);
    }
  }
}
