package io.hostmesh.citadel;

import io.hostmesh.citadel.authority.Authority;
import io.hostmesh.citadel.ledger.IssuedBook;
import io.hostmesh.citadel.ledger.LedgerHeads;
import io.hostmesh.citadel.records.SignedRecords;
import io.hostmesh.citadel.revoke.Revocations;
import io.hostmesh.citadel.rotate.Citadels;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/** What citadel looks after by itself, once a second; one look at a time. */
final class Tending {
  private static final System.Logger LOG = System.getLogger(Tending.class.getName());

  private final Authority authority;
  private final Revocations revocations;
  private final Citadels citadels;
  private final IssuedBook issued;
  private final LedgerHeads heads;
  private final List<SignedRecords<?>> records;
  private final AtomicBoolean underWay = new AtomicBoolean();
  private volatile String problem = "";

  /**
   * @param records signed anew when another root signs
   */
  Tending(
      Authority authority,
      Revocations revocations,
      Citadels citadels,
      IssuedBook issued,
      LedgerHeads heads,
      List<SignedRecords<?>> records) {
    this.authority = authority;
    this.revocations = revocations;
    this.citadels = citadels;
    this.issued = issued;
    this.heads = heads;
    this.records = List.copyOf(records);
  }

  void look(Offload offload) {
    if (!underWay.compareAndSet(false, true)) {
      return;
    }
    offload
        .call(
            () -> {
              look();
              return true;
            })
        .onComplete(_ -> underWay.set(false))
        .onSuccess(_ -> problem = "")
        .onFailure(this::failed);
  }

  /** Said once, although it is tried every second. */
  private void failed(Throwable failure) {
    String why = String.valueOf(failure.getMessage());
    if (!why.equals(problem)) {
      problem = why;
      if (failure instanceof Refusal) {
        LOG.log(System.Logger.Level.WARNING, "citadel cannot look after its own now: " + why);
      } else {
        LOG.log(System.Logger.Level.ERROR, "citadel cannot look after its own", failure);
      }
    }
  }

  /** What may wait for somebody else, such as Vault, comes last. */
  private void look() {
    issued.sweep();
    if (authority.isReady()) { // All of it needs a signature.
      lookAfterRecords();
    }
    authority.tendSource();
    authority.renew();
  }

  private void lookAfterRecords() {
    if (authority.state().retiring().isPresent()
        && authority.issuingRoot().equals(authority.state().signing())) {
      records.forEach(each -> each.signAgain(authority.root()));
    }
    revocations.tend();
    citadels.report();
    heads.publish();
  }
}
