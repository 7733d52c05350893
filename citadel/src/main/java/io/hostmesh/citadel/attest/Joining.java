package io.hostmesh.citadel.attest;

import com.google.protobuf.ByteString;
import io.hostmesh.api.v1.Challenge;
import io.hostmesh.api.v1.ChallengeRequest;
import io.hostmesh.api.v1.JoinRequest;
import io.hostmesh.api.v1.TokenKind;
import io.hostmesh.api.v1.TokenRecord;
import io.hostmesh.citadel.Refusal;
import io.hostmesh.citadel.ledger.Ledger;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.identity.Csr;
import io.hostmesh.runtime.identity.JoinToken;
import io.hostmesh.runtime.identity.KeyPairs;
import io.hostmesh.runtime.identity.MachineProof;
import io.micrometer.core.instrument.MeterRegistry;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * Decides whether someone whom nobody knows becomes a node or a pilot: by a token, or by what
 * proves the machine. Whoever tries what only a thief would is alarmed, and whoever guesses has to
 * wait. Safe for any thread; blocks.
 */
public final class Joining {
  private static final int MOST_EVIDENCE = 64 * 1024;

  private final String trustDomain;
  private final Tokens tokens;
  private final Nodes nodes;
  private final Map<String, NodeAttestor> attestors;
  private final Challenges challenges;
  private final FailureLimit limit;
  private final Alarms alarms;
  private final Ledger ledger;
  private final MeterRegistry meters;
  private final Consumer<String> revoked;

  /**
   * @param revoked throws where a node of this name was revoked
   */
  public Joining(
      String trustDomain,
      Tokens tokens,
      Nodes nodes,
      List<NodeAttestor> attestors,
      Alarms alarms,
      Ledger ledger,
      MeterRegistry meters,
      InstantSource clock,
      SecureRandom random,
      Consumer<String> revoked) {
    this.trustDomain = trustDomain;
    this.tokens = tokens;
    this.nodes = nodes;
    this.attestors =
        attestors.stream().collect(Collectors.toMap(NodeAttestor::name, Function.identity()));
    this.challenges = new Challenges(clock, random);
    this.limit = new FailureLimit(clock);
    this.alarms = alarms;
    this.ledger = ledger;
    this.meters = meters;
    this.revoked = revoked;
  }

  /**
   * Someone who may have a certificate.
   *
   * @param by what let it in, for the ledger
   */
  public record Joined(SpiffeId id, PublicKey key, String by) {}

  /**
   * What a proof must be bound to.
   *
   * @param from the address that asks
   */
  public Challenge challenge(ChallengeRequest request, String from) {
    refuseGuessing(from);
    NodeAttestor attestor = attestor(request.getAttestor());
    tooLong(request.getOpening());
    return Challenge.newBuilder()
        .setNonce(challenges.fresh())
        .setQuestion(attestor.question(request.getNode(), request.getOpening()))
        .build();
  }

  /**
   * @param from the address that asks
   * @throws Refusal where it may not join
   */
  public Joined join(JoinRequest request, String from) {
    refuseGuessing(from);
    try {
      return request.getAttestor().isEmpty() ? byToken(request, from) : byProof(request, from);
    } catch (Refusal refusal) {
      watch(refusal, request, from);
      throw refusal;
    }
  }

  private Joined byToken(JoinRequest request, String from) {
    JoinToken token = wellFormed(() -> JoinToken.parse(request.getToken()));
    PublicKey key = wellFormed(() -> Csr.provenKey(request.getCsr().toByteArray()));
    Tokens.Presented presented =
        tokens.present(
            token, new Tokens.Bearer(KeyPairs.fingerprint(key), request.getNode(), from));
    TokenRecord record = presented.record();
    SpiffeId id = joiningId(record, request.getNode());
    Nodes.Machine machine = new Nodes.Machine(presented.bearer().key(), from, token.id(), "");
    if (id instanceof SpiffeId.Node node) {
      revoked.accept(node.node());
      nodes.checkFree(node.node(), machine, record.getReplace());
    }
    tokens.use(presented);
    if (id instanceof SpiffeId.Node node) {
      nodes.admit(node.node(), machine, record.getReplace());
    }
    return new Joined(id, key, "token " + token.id());
  }

  private Joined byProof(JoinRequest request, String from) {
    NodeAttestor attestor = attestor(request.getAttestor());
    PublicKey key = wellFormed(() -> Csr.provenKey(request.getCsr().toByteArray()));
    SpiffeId.Node id = wellFormed(() -> new SpiffeId.Node(trustDomain, request.getNode()));
    tooLong(request.getEvidence());
    challenges.check(request.getNonce());
    String who =
        attestor.attest(
            new MachineProof(trustDomain, id.node(), request.getNonce(), request.getCsr()),
            request.getEvidence());
    if (!challenges.take(request.getNonce())) {
      alarms.raise(
          Alarms.Kind.PROOF_REPLAYED,
          id.node(),
          from,
          "the answer to a challenge, by " + who + ", was shown again from " + from,
          ledger,
          meters);
      throw new Refusal(
          Refusal.Reason.PROOF_WRONG, "this answer to the challenge was used already; ask anew");
    }
    Nodes.Machine machine = new Nodes.Machine(KeyPairs.fingerprint(key), from, "", who);
    revoked.accept(id.node());
    nodes.checkFree(id.node(), machine, false);
    nodes.admit(id.node(), machine, false);
    return new Joined(id, key, who);
  }

  private static void tooLong(ByteString bytes) {
    if (bytes.size() > MOST_EVIDENCE) {
      throw new Refusal(
          Refusal.Reason.MALFORMED, "a proof has at most 64 KiB, this one " + bytes.size());
    }
  }

  private NodeAttestor attestor(String name) {
    NodeAttestor attestor = attestors.get(name);
    if (attestor == null) {
      throw new Refusal(
          Refusal.Reason.PROOF_WRONG,
          "this citadel lets nobody join by "
              + (name.isEmpty() ? "nothing" : "\"" + printable(name) + "\"")
              + "; see attest in its configuration, or use a join token");
    }
    return attestor;
  }

  private static String printable(String name) {
    return name.length() <= 32 && name.matches("[a-z0-9-]+") ? name : "?";
  }

  private void refuseGuessing(String from) {
    if (limit.isExhausted(from)) {
      throw new Refusal(
          Refusal.Reason.TOO_MANY,
          "too many wrong tokens or proofs came from this address; it may try again in a minute");
    }
  }

  /** What a refusal tells of who was refused. */
  private void watch(Refusal refusal, JoinRequest request, String from) {
    switch (refusal.reason()) {
      case TOKEN_USED ->
          alarms.raise(
              Alarms.Kind.TOKEN_REPLAYED,
              tokenId(request),
              from,
              "the join token "
                  + tokenId(request)
                  + " was shown again from "
                  + from
                  + name(request)
                  + ", "
                  + refusal.forOperators()
                  + "; one of the two has a stolen token",
              ledger,
              meters);
      case NAME_TAKEN ->
          alarms.raise(
              Alarms.Kind.NAME_TAKEN,
              request.getNode(),
              from,
              "another machine, at "
                  + from
                  + ", wants the name of the node "
                  + request.getNode()
                  + ", "
                  + refusal.forOperators(),
              ledger,
              meters);
      case TOKEN_WRONG, PROOF_WRONG, MALFORMED -> {
        limit.failed(from);
        if (limit.isExhausted(from)) {
          alarms.raise(
              Alarms.Kind.GUESSING,
              "join",
              from,
              "so many wrong tokens or proofs came from " + from + " that it has to wait",
              ledger,
              meters);
        }
      }
      default -> {}
    }
  }

  /** Only of a token that was judged before: its form is known. */
  private static String tokenId(JoinRequest request) {
    return JoinToken.parse(request.getToken()).id();
  }

  private static String name(JoinRequest request) {
    return request.getNode().isEmpty() ? "" : " for the node " + request.getNode();
  }

  private SpiffeId joiningId(TokenRecord record, String node) {
    if (record.getKind() == TokenKind.TOKEN_KIND_PILOT) {
      if (!node.isEmpty()) {
        throw new Refusal(
            Refusal.Reason.TOKEN_WRONG, "this join token is for a pilot, not for the node " + node);
      }
      return new SpiffeId.Control(trustDomain, SpiffeId.Control.Role.PILOT);
    }
    if (node.isEmpty()) {
      throw new Refusal(
          Refusal.Reason.TOKEN_WRONG, "this join token is for a node, not for a pilot");
    }
    if (!record.getNode().isEmpty() && !record.getNode().equals(node)) {
      throw new Refusal(
          Refusal.Reason.TOKEN_WRONG,
          "this join token is for the node " + record.getNode() + ", not for " + node);
    }
    return wellFormed(() -> new SpiffeId.Node(trustDomain, node));
  }

  private static <T> T wellFormed(Supplier<T> parse) {
    try {
      return parse.get();
    } catch (IllegalArgumentException e) {
      throw new Refusal(Refusal.Reason.MALFORMED, String.valueOf(e.getMessage()), e);
    }
  }
}
