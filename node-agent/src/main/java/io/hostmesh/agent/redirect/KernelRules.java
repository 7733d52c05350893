package io.hostmesh.agent.redirect;

import java.util.function.Supplier;

/** One way to put rules into the kernel. Blocks; not for several threads at once. */
sealed interface KernelRules permits NftTable, IptablesChains {
  /** What the person calls it: a value of {@code capture.backend}. */
  CaptureBackend kind();

  /**
   * Puts the whole plan in force, in place of what of ours is there.
   *
   * @param before what {@link #listing} says now
   * @throws io.hostmesh.runtime.UserError where the kernel refuses; then nothing has changed (with
   *     iptables: one family may have)
   */
  void apply(CapturePlan plan, String before);

  /** Changes only known instances and service ports. */
  void update(CapturePlan from, CapturePlan to);

  /** Lets questions for names go where they went before there was a mesh. */
  void openDns();

  /**
   * Takes everything of ours out; nothing where nothing is there.
   *
   * @param before what {@link #listing} says now
   */
  void remove(String before);

  /**
   * Our part of the kernel's rules, as text that {@link #loading} loads again; empty where there is
   * none.
   */
  default String listing() {
    return beginListing().get();
  }

  /** Begins to read the {@link #listing} beside the caller; {@code get} waits for it. */
  Supplier<String> beginListing();

  /** Of a listing, what only a change of the rules changes. */
  String lasting(String listing);

  /** Shell commands that load a listing. */
  String loading(String listing);

  /** Shell commands that remove all of ours, and succeed where nothing is there. */
  String removing();

  /** Shell commands that do what {@link #openDns} does, and succeed where nothing is there. */
  String openingDns();

  /** Shell commands that take away what is of use only while there are rules of ours. */
  String tidying();
}
