package io.hostmesh.citadel.rotate;

import io.hostmesh.api.v1.SignedStatement;
import io.hostmesh.citadel.attest.Nodes;
import io.hostmesh.citadel.attest.Tokens;
import io.hostmesh.citadel.authority.Authority;
import io.hostmesh.citadel.authority.RootState;
import io.hostmesh.citadel.bundle.Holders;
import io.hostmesh.citadel.ledger.IssuedBook;
import io.hostmesh.citadel.records.SignedRecords;
import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.tls.KeyIds;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Replaces the root or the intermediate of a running mesh in three steps, each of which is refused
 * while it would strand someone: prepare (the new one is made, and everyone told to trust it),
 * activate (it signs), retire (the old one is forgotten). Safe for any thread; blocks.
 */
public final class Rotation {
  private static final int NAMED = 10;

  /** What is rotated. */
  public enum Target {
    ROOT,
    INTERMEDIATE
  }

  /** How far. */
  public enum Step {
    PREPARE,
    ACTIVATE,
    RETIRE
  }

  private final Authority authority;
  private final RootStatements statements;
  private final Nodes nodes;
  private final Tokens tokens;
  private final IssuedBook issued;
  private final Holders holders;
  private final Citadels citadels;
  private final List<SignedRecords<?>> records;

  public Rotation(
      Authority authority,
      RootStatements statements,
      Nodes nodes,
      Tokens tokens,
      IssuedBook issued,
      Holders holders,
      Citadels citadels,
      List<SignedRecords<?>> records) {
    this.authority = authority;
    this.statements = statements;
    this.nodes = nodes;
    this.tokens = tokens;
    this.issued = issued;
    this.holders = holders;
    this.citadels = citadels;
    this.records = List.copyOf(records);
  }

  /**
   * Whom a step would strand, one line each.
   *
   * @param blocking those for whom it is refused
   * @param others worth knowing: they need something afterwards
   */
  public record Strands(List<String> blocking, List<String> others) {
    static final Strands NOBODY = new Strands(List.of(), List.of());

    public Strands {
      blocking = List.copyOf(blocking);
      others = List.copyOf(others);
    }

    /** Some names and how many more. */
    String text() {
      String some = String.join("; ", blocking.subList(0, Math.min(NAMED, blocking.size())));
      return blocking.size() > NAMED ? some + "; and " + (blocking.size() - NAMED) + " more" : some;
    }
  }

  /**
   * Takes a step.
   *
   * @param force although it strands someone
   * @return whom it strands, as seen before
   * @throws UserError where it cannot be taken now, with whom it would strand
   */
  public synchronized Strands take(Target target, Step step, boolean force, String operator) {
    Strands strands = strands(target, step);
    if (!strands.blocking().isEmpty() && !force) {
      throw new UserError(
          "this would strand "
              + strands.blocking().size()
              + ": "
              + strands.text()
              + "; wait and try again, or use --force");
    }
    switch (target) {
      case ROOT -> root(step, operator);
      case INTERMEDIATE -> intermediate(step);
    }
    return strands;
  }

  private void intermediate(Step step) {
    switch (step) {
      case PREPARE -> authority.prepareIntermediate();
      case ACTIVATE -> authority.activateIntermediate();
      case RETIRE -> authority.retireIntermediate();
    }
  }

  private void root(Step step, String operator) {
    RootState before = authority.state();
    RootState following =
        switch (step) {
          case PREPARE -> authority.prepareRoot();
          case ACTIVATE -> {
            if (before.nextRoot().isEmpty()) {
              throw new UserError("no root was prepared; run: hostmesh ca rotate root --prepare");
            }
            yield before.activated();
          }
          case RETIRE -> {
            if (before.roots().size() == 1) {
              throw new UserError("no root is on its way out");
            }
            yield before.retired();
          }
        };
    // Whoever trusts no more than the root that goes believes its own last word.
    X509Certificate signer = before.retiringRoot().orElseGet(before::signingRoot);
    SignedStatement statement;
    try {
      statement = authority.statement(following, signer, operator);
    } catch (UserError e) {
      if (before.retiringRoot().isEmpty()) {
        throw e;
      }
      statement = authority.statement(following, before.signingRoot(), operator);
    }
    statements.publish(following, statement);
    authority.renew();
  }

  /** Whom a step would strand now. */
  public Strands strands(Target target, Step step) {
    return switch (step) {
      case PREPARE -> Strands.NOBODY;
      case ACTIVATE ->
          target == Target.ROOT
              ? authority
                  .state()
                  .nextRoot()
                  .map(root -> new Strands(lacking(root), oldTokens(authority.root())))
                  .orElse(Strands.NOBODY)
              : Strands.NOBODY;
      case RETIRE ->
          target == Target.ROOT
              ? authority.state().retiringRoot().map(this::byRetiring).orElse(Strands.NOBODY)
              : Strands.NOBODY;
    };
  }

  private Strands byRetiring(X509Certificate root) {
    List<String> blocking = new ArrayList<>(lacking(authority.state().signingRoot()));
    String fingerprint = KeyIds.fingerprint(root);
    issued.inUse().stream()
        .filter(certificate -> certificate.isUnder(fingerprint))
        .map(
            certificate ->
                certificate.holder()
                    + " uses a certificate of the old root until "
                    + certificate.notAfter())
        .sorted()
        .forEach(blocking::add);
    if (!authority.issuingRoot().equals(authority.state().signing())) {
      blocking.add("this citadel's own intermediate is of the old root");
    }
    blocking.addAll(citadels.under(fingerprint));
    for (SignedRecords<?> each : records) {
      each.notUnder(authority.state().signingRoot())
          .forEach(name -> blocking.add(each.what() + " of " + name + " is signed below it"));
    }
    return new Strands(blocking, oldTokens(root));
  }

  /** Who has joined and has not said that it keeps a root. */
  private List<String> lacking(X509Certificate root) {
    String fingerprint = KeyIds.fingerprint(root);
    SortedSet<String> having = new TreeSet<>(holders.of(fingerprint));
    having.addAll(citadels.holding(fingerprint));
    SortedSet<String> all = new TreeSet<>(holders.all());
    nodes.all().keySet().forEach(node -> all.add("node " + node));
    all.removeAll(having);
    return all.stream().map(who -> who + " does not have the new root yet").toList();
  }

  private List<String> oldTokens(X509Certificate root) {
    return tokens.unused(root).stream()
        .map(id -> "the join token " + id + " names the old root: make another one")
        .toList();
  }
}
