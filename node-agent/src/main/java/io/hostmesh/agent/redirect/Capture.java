package io.hostmesh.agent.redirect;

import io.hostmesh.runtime.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The rules of this host (of the calling thread's network namespace) in the kernel: put in force,
 * changed, confirmed, checked and undone. Works with or without a running agent, since all it needs
 * to know of the past is in the kernel and in its folder. Every call blocks for some 10 ms: not for
 * event loops. Safe for several threads.
 */
public final class Capture {
  private final KernelRules rules;
  private final List<KernelRules> all;
  private final CaptureRoutes routes;
  private final Rollback rollback;
  private final DnsGuard dnsGuard;
  private final Path disabled;
  private @Nullable CapturePlan applied;
  private @Nullable Found seen;

  private Capture(Tools tools, KernelRules rules, List<KernelRules> all, Path folder) {
    this.rules = rules;
    this.all = all;
    this.routes = new CaptureRoutes(tools);
    this.rollback = new Rollback(tools, folder);
    this.dnsGuard = new DnsGuard(tools, folder);
    this.disabled = folder.resolve("disabled-by-hand");
  }

  /**
   * Finds out how this host can be spoken to.
   *
   * @param folder for what must be kept until a change is confirmed; it need not outlive a reboot
   * @throws UserError where a capability, a tool or the kernel's part is missing
   */
  public static Capture open(CaptureBackend backend, Path folder) {
    Capabilities.ofThisProcess().requireNetAdmin();
    return open(backend, folder, Tools.ofHost(lockFile(folder)));
  }

  /** iptables' lock is root's; another user's iptables needs one of its own. */
  private static Map<String, String> lockFile(Path folder) {
    Path lock = Path.of("/run/xtables.lock");
    boolean usable =
        Files.exists(lock) ? Files.isWritable(lock) : Files.isWritable(Path.of("/run"));
    return usable
        ? Map.of()
        : Map.of("XTABLES_LOCKFILE", folder.resolve("xtables.lock").toString());
  }

  static Capture open(CaptureBackend backend, Path folder, Tools tools) {
    Map<CaptureBackend, String> unusable = new HashMap<>();
    List<KernelRules> usable = new ArrayList<>();
    Supplier<Optional<String>> noNft = NftTable.unusable(tools);
    Supplier<Optional<String>> noIptables = IptablesChains.unusable(tools);
    noNft
        .get()
        .ifPresentOrElse(
            why -> unusable.put(CaptureBackend.NFT, why), () -> usable.add(new NftTable(tools)));
    noIptables
        .get()
        .ifPresentOrElse(
            why -> unusable.put(CaptureBackend.IPTABLES, why),
            () -> usable.add(new IptablesChains(tools, folder)));
    KernelRules chosen =
        usable.stream()
            .filter(r -> backend == CaptureBackend.AUTO || r.kind() == backend)
            .findFirst()
            .orElseThrow(() -> none(backend, unusable));
    return new Capture(tools, chosen, usable, folder);
  }

  private static UserError none(CaptureBackend backend, Map<CaptureBackend, String> unusable) {
    return switch (backend) {
      case NFT ->
          new UserError(
              "capture: capture.backend = nft, but "
                  + unusable.get(CaptureBackend.NFT)
                  + "; load it (modprobe nf_tables) or set capture.backend = iptables");
      case IPTABLES ->
          new UserError(
              "capture: capture.backend = iptables, but "
                  + unusable.get(CaptureBackend.IPTABLES)
                  + "; load it (modprobe iptable_nat) or set capture.backend = nft");
      case AUTO ->
          new UserError(
              "capture: neither nft nor iptables can be used: "
                  + unusable.get(CaptureBackend.NFT)
                  + "; "
                  + unusable.get(CaptureBackend.IPTABLES));
    };
  }

  /** The one in use: never {@link CaptureBackend#AUTO}. */
  public CaptureBackend backend() {
    return rules.kind();
  }

  /**
   * Puts a plan in force. A change of known instances and service ports alone is cheap, atomic and
   * holds at once. Any other change undoes itself after the given time unless it is confirmed,
   * whatever becomes of this process; what was in force before comes back then.
   *
   * @param confirmWithin zero makes it hold at once
   * @return whether {@link #confirm()} is awaited
   * @throws UserError where the kernel refuses, and what was in force before is back then; where
   *     capture was disabled by hand
   */
  public synchronized boolean apply(CapturePlan plan, Duration confirmWithin) {
    CapturePlan current = applied;
    refuseWhereDisabled();
    if (current != null && current.hasRulesOf(plan) && intact()) {
      if (!current.equals(plan)) {
        rules.update(current, plan);
        remember(plan);
      }
      return rollback.pending().isPresent();
    }
    Found before = find(all);
    Rollback.Armed armed = rollback.arm(wayBack(before), waitAtLeast(confirmWithin));
    try {
      // Rules first: a route without them would hand virtual addresses to wildcard listeners.
      rules.apply(plan, before.listing(rules));
      routes.apply(plan, before.routes());
      removeOthers(before);
    } catch (UserError | IllegalStateException e) {
      rollback.undo();
      throw e;
    }
    remember(plan);
    boolean sameAsBefore =
        rules.lasting(before.listing(rules)).equals(rules.lasting(seen().listing(rules)));
    if (confirmWithin.isZero() || (sameAsBefore && !armed.again())) {
      rollback.confirm();
      return false;
    }
    return true;
  }

  /** Time enough for the change itself, which must not be undone halfway. */
  private static Duration waitAtLeast(Duration within) {
    return within.isZero() ? Duration.ofSeconds(60) : within;
  }

  /**
   * Makes the last change stay.
   *
   * @return false where nothing waited to be confirmed: it was before, or it has been undone
   */
  public synchronized boolean confirm() {
    return rollback.confirm();
  }

  /** Undoes an unconfirmed change now; nothing where there is none. */
  public synchronized void undoUnconfirmed() {
    rollback.undo();
    forget();
  }

  /** Undoes everything: rules of either backend, routes. Nothing where nothing is there. */
  public synchronized void remove() {
    // Routes first: see apply.
    routes.remove();
    Found before = find(all);
    all.forEach(each -> each.remove(before.listing(each)));
    rollback.confirm();
    forget();
  }

  /**
   * Undoes everything, and keeps a running agent from putting it in force again until {@link
   * #allow}, or until the host reboots.
   */
  public synchronized void disable() {
    try {
      Files.createDirectories(disabled.getParent());
      Files.writeString(disabled, "");
    } catch (IOException e) {
      throw new UserError("capture: cannot write " + disabled + ": " + e, e);
    }
    remove();
  }

  /** Takes back {@link #disable}. */
  public synchronized void allow() {
    try {
      Files.deleteIfExists(disabled);
    } catch (IOException e) {
      throw new UserError("capture: cannot delete " + disabled + ": " + e, e);
    }
  }

  private void refuseWhereDisabled() {
    if (Files.exists(disabled)) {
      throw new UserError(
          "capture: switched off by hand ('hostmesh-agent capture disable'); 'hostmesh-agent capture"
              + " enable' puts it in force again");
    }
  }

  /**
   * Sees to it that a dead agent does not cut the host's name resolution: from now on, when this
   * process has been gone for a while and no other one has called this, questions for names are
   * opened as {@link #openDns} does. Done by a shell process of its own.
   *
   * @param patience how long questions wait for the next agent
   */
  public synchronized void guardDns(Duration patience) {
    dnsGuard.start(patience, all.stream().map(KernelRules::openingDns).toList());
  }

  /**
   * Lets the host's questions for names pass again, until the next {@link #apply}; for a host whose
   * agent is dead.
   */
  public synchronized void openDns() {
    all.forEach(KernelRules::openDns);
    forget();
  }

  /** What of ours is in the kernel, whoever put it there. */
  public synchronized CaptureStatus status() {
    Found found = find(all);
    for (KernelRules each : all) {
      String listing = found.listing(each);
      if (!listing.isEmpty()) {
        return new CaptureStatus.On(
            each.kind(),
            rollback.pending().isEmpty(),
            capturesDns(listing),
            found.routes().virtual());
      }
    }
    return new CaptureStatus.Off();
  }

  /**
   * Whether the kernel still holds exactly what this object put there last: false also after a roll
   * back, and before the first {@link #apply}.
   */
  public synchronized boolean intact() {
    return seen != null && seen.equals(find(List.of(rules)));
  }

  private static boolean capturesDns(String listing) {
    return listing.lines().anyMatch(line -> line.contains("dport 53 "));
  }

  private void removeOthers(Found before) {
    all.stream()
        .filter(other -> other != rules)
        .forEach(other -> other.remove(before.listing(other)));
  }

  private void remember(CapturePlan plan) {
    applied = plan;
    seen = find(List.of(rules));
  }

  private Found seen() {
    return Objects.requireNonNull(seen);
  }

  private void forget() {
    applied = null;
    seen = null;
  }

  /** What of ours is in the kernel. */
  private record Found(Map<CaptureBackend, String> listings, CaptureRoutes.Present routes) {
    String listing(KernelRules rules) {
      return listings.getOrDefault(rules.kind(), "");
    }
  }

  /** Asks for all of it at once: it is processes that take the time. */
  private Found find(List<KernelRules> which) {
    Map<CaptureBackend, Supplier<String>> begun = new EnumMap<>(CaptureBackend.class);
    which.forEach(each -> begun.put(each.kind(), each.beginListing()));
    Supplier<CaptureRoutes.Present> present = routes.beginPresent();
    Map<CaptureBackend, String> listings = new EnumMap<>(CaptureBackend.class);
    begun.forEach((kind, listing) -> listings.put(kind, listing.get()));
    return new Found(listings, present.get());
  }

  /** Shell commands that bring back what is in force now. */
  private String wayBack(Found before) {
    StringBuilder text = new StringBuilder(CaptureRoutes.removing());
    for (KernelRules each : all) {
      String listing = before.listing(each);
      text.append(each.removing());
      text.append(listing.isEmpty() ? each.tidying() : each.loading(listing));
    }
    return text.append(before.routes().loading()).toString();
  }
}
