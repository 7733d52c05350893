package io.hostmesh.citadel.rotate;

import io.hostmesh.api.v1.RootsStatement;
import io.hostmesh.api.v1.SignedStatement;
import io.hostmesh.citadel.Refusal;
import io.hostmesh.citadel.authority.Authority;
import io.hostmesh.citadel.authority.RootState;
import io.hostmesh.citadel.records.Waiting;
import io.hostmesh.registry.Entry;
import io.hostmesh.registry.KeyValue;
import io.hostmesh.registry.RegistryException;
import io.hostmesh.registry.Watch;
import io.hostmesh.registry.WatchListener;
import io.hostmesh.runtime.identity.SignedStatements;
import io.hostmesh.runtime.tls.Pem;
import java.io.IOException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Optional;
import java.util.SortedMap;

/**
 * The roots of the mesh as all its citadels follow them: one statement in the registry's KV, which
 * others can write. It is believed with the signature of a root that is trusted already, and not
 * below the version that holds; what is forged, rolled back or deleted is alarmed and put right.
 * Safe for any thread; {@link #publish} blocks.
 */
public final class RootStatements implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(RootStatements.class.getName());
  private static final String PREFIX = "hostmesh/authority/";
  static final String KEY = PREFIX + "roots";

  private final Authority authority;
  private final KeyValue keyValue;
  private volatile Optional<String> alarm = Optional.empty();
  private volatile Optional<Watch> watch = Optional.empty();

  public RootStatements(Authority authority, KeyValue keyValue) {
    this.authority = authority;
    this.keyValue = keyValue;
  }

  /** Begins to follow the registry. */
  public void watch() {
    watch =
        Optional.of(
            keyValue.watch(
                PREFIX,
                new WatchListener<>() {
                  @Override
                  public void changed(SortedMap<String, Entry> state) {
                    reconcile(Optional.ofNullable(state.get(KEY)));
                  }

                  @Override
                  public void failing(RegistryException failure, int failures) {
                    // Said by those who follow the other records.
                  }

                  @Override
                  public void recovered() {}
                }));
  }

  /** What is wrong in the registry; empty while nothing is. */
  public Optional<String> alarm() {
    return alarm;
  }

  /**
   * Writes the next state by compare-and-set, and adopts it.
   *
   * @throws Refusal where the registry does not take it, or another citadel was quicker
   */
  public void publish(RootState following, SignedStatement statement) {
    Optional<Entry> entry = Waiting.on(keyValue.get(KEY));
    reconcile(entry);
    long index = entry.map(Entry::modifyIndex).orElse(KeyValue.ABSENT);
    if (following.version() != authority.state().version() + 1
        || !Waiting.on(keyValue.putIf(KEY, statement.toByteArray(), index))) {
      throw new Refusal(
          Refusal.Reason.UNAVAILABLE,
          "the roots have just changed by another hand; see \"hostmesh ca status\" and try again");
    }
    authority.adopt(following, statement);
  }

  private synchronized void reconcile(Optional<Entry> entry) {
    Optional<SignedStatement> held =
        authority.statement().filter(statement -> !statement.getSignature().isEmpty());
    if (entry.isEmpty()) {
      held.ifPresent(
          statement -> {
            alarm("it was deleted");
            restore(statement, KeyValue.ABSENT);
          });
      return;
    }
    try {
      SignedStatement found = SignedStatements.parse(entry.get().bytes());
      boolean isKnown = held.filter(found::equals).isPresent();
      if (isKnown || (held.isEmpty() && saysWhatHolds(found))) {
        alarm = Optional.empty();
        return;
      }
      RootState following = judge(found);
      authority.adopt(following, found);
      alarm = Optional.empty();
    } catch (CertificateException e) {
      alarm(String.valueOf(e.getMessage()));
      held.ifPresent(statement -> restore(statement, entry.get().modifyIndex()));
    }
  }

  /**
   * The last step of an earlier rotation is signed by the root that went, which a citadel that was
   * given the one that came need not know: nothing follows from it.
   */
  private boolean saysWhatHolds(SignedStatement statement) {
    try {
      RootState said = RootState.read(RootsStatement.parseFrom(statement.getPayload()));
      return said.roots().equals(authority.state().roots());
    } catch (CertificateException | IOException e) {
      return false;
    }
  }

  private RootState judge(SignedStatement statement) throws CertificateException {
    RootsStatement message;
    X509Certificate signer;
    try {
      message = RootsStatement.parseFrom(statement.getPayload());
      signer =
          Pem.certificate(
              statement.getChainCount() == 1 ? statement.getChain(0).toByteArray() : new byte[0]);
    } catch (IOException e) {
      throw new CertificateException("it cannot be read", e);
    }
    if (!authority.state().roots().contains(signer)) {
      throw new CertificateException("it is signed by none of the roots that hold");
    }
    SignedStatements.checkSignature(statement, RootsStatement.getDefaultInstance(), signer);
    if (!message.getTrustDomain().equals(authority.trustDomain())) {
      throw new CertificateException(
          "it is for the trust domain \"" + message.getTrustDomain() + "\"");
    }
    RootState following = RootState.read(message);
    if (following.version() <= authority.state().version()) {
      throw new CertificateException(
          "it was rolled back from version "
              + authority.state().version()
              + " to "
              + following.version());
    }
    return following;
  }

  private void alarm(String reason) {
    if (!alarm.equals(Optional.of(reason))) {
      alarm = Optional.of(reason);
      LOG.log(
          System.Logger.Level.ERROR,
          "refused the roots in the registry (" + KEY + "): " + reason + "; who can write there?");
    }
  }

  private void restore(SignedStatement statement, long index) {
    var _ =
        keyValue
            .putIf(KEY, statement.toByteArray(), index)
            .whenComplete(
                (_, failure) -> {
                  if (failure != null) {
                    LOG.log(System.Logger.Level.WARNING, "could not restore " + KEY, failure);
                  }
                });
  }

  @Override
  public void close() {
    watch.ifPresent(Watch::close);
  }
}
