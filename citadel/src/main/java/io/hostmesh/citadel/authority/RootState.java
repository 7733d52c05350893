package io.hostmesh.citadel.authority;

import com.google.protobuf.ByteString;
import io.hostmesh.api.v1.RootsStatement;
import io.hostmesh.runtime.tls.KeyIds;
import io.hostmesh.runtime.tls.Pem;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The roots of the mesh and how far a rotation has come. Usually one root, which signs. Prepared:
 * two, of which the first still signs and the other is {@code next}. Activated: two, of which the
 * new one signs and the other is {@code retiring}. Immutable.
 *
 * @param version 0 as the first root was made, one more with each step
 * @param roots what everyone trusts
 * @param signing the fingerprint of the root under which intermediates are made
 */
public record RootState(
    long version,
    List<X509Certificate> roots,
    String signing,
    Optional<String> next,
    Optional<String> retiring) {
  public RootState {
    roots = List.copyOf(roots);
  }

  /** One root, that everybody begins with. */
  public static RootState of(X509Certificate root) {
    return new RootState(
        0, List.of(root), KeyIds.fingerprint(root), Optional.empty(), Optional.empty());
  }

  /** Roots from elsewhere, the first of which counts as the one that signs. */
  static RootState given(List<X509Certificate> roots, long version) {
    return new RootState(
        version, roots, KeyIds.fingerprint(roots.getFirst()), Optional.empty(), Optional.empty());
  }

  /** What the bundle's sequence is. */
  public long sequence() {
    return version + 1;
  }

  public X509Certificate signingRoot() {
    return root(signing).orElseThrow();
  }

  public Optional<X509Certificate> nextRoot() {
    return next.flatMap(this::root);
  }

  public Optional<X509Certificate> retiringRoot() {
    return retiring.flatMap(this::root);
  }

  Optional<X509Certificate> root(String fingerprint) {
    return roots.stream().filter(root -> KeyIds.fingerprint(root).equals(fingerprint)).findFirst();
  }

  /** Another root is trusted as well, and signs nothing yet. */
  public RootState prepared(X509Certificate root) {
    List<X509Certificate> both = new ArrayList<>(List.of(signingRoot()));
    both.add(root);
    return new RootState(
        version + 1, both, signing, Optional.of(KeyIds.fingerprint(root)), Optional.empty());
  }

  /** The other root signs from now on. */
  public RootState activated() {
    return new RootState(
        version + 1, roots, next.orElseThrow(), Optional.empty(), Optional.of(signing));
  }

  /** Only the root that signs is trusted. Also the way back from a preparation. */
  public RootState retired() {
    return new RootState(
        version + 1, List.of(signingRoot()), signing, Optional.empty(), Optional.empty());
  }

  /** In words, for operators. */
  public String phase() {
    return next.isPresent() ? "prepared" : retiring.isPresent() ? "activated" : "steady";
  }

  RootsStatement statement(String trustDomain, String operator, long epochSecond) {
    RootsStatement.Builder statement =
        RootsStatement.newBuilder()
            .setTrustDomain(trustDomain)
            .setVersion(version)
            .setSignedAtEpochSecond(epochSecond)
            .setOperator(operator)
            .setSigning(signing)
            .setNext(next.orElse(""))
            .setRetiring(retiring.orElse(""));
    for (X509Certificate root : roots) {
      try {
        statement.addRoots(ByteString.copyFrom(root.getEncoded()));
      } catch (CertificateEncodingException e) {
        throw new IllegalStateException("a root cannot be encoded", e);
      }
    }
    return statement.build();
  }

  /**
   * @throws CertificateException where the statement does not describe a state
   */
  public static RootState read(RootsStatement statement) throws CertificateException {
    RootState state =
        new RootState(
            statement.getVersion(),
            Pem.certificates(
                statement.getRootsList().stream().map(ByteString::toByteArray).toList()),
            statement.getSigning(),
            Optional.of(statement.getNext()).filter(text -> !text.isEmpty()),
            Optional.of(statement.getRetiring()).filter(text -> !text.isEmpty()));
    boolean isWhole =
        state.root(state.signing).isPresent()
            && state.next.map(each -> state.root(each).isPresent()).orElse(true)
            && state.retiring.map(each -> state.root(each).isPresent()).orElse(true);
    if (!isWhole) {
      throw new CertificateException("the statement names roots that it does not hold");
    }
    return state;
  }
}
