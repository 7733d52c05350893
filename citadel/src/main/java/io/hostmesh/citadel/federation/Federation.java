package io.hostmesh.citadel.federation;

import io.hostmesh.citadel.federation.FederationSettings.Domain;
import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.backoff.Backoff;
import io.hostmesh.runtime.jwt.DomainBundle;
import io.hostmesh.runtime.state.StateFiles;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.random.RandomGenerator;

/**
 * The bundles of other trust domains: the last good ones from disk at first, those of the domains'
 * endpoints ever after. One that cannot be read, or whose number fell, changes nothing. Its work
 * runs on one context; what it offers may be asked on any thread.
 */
public final class Federation {
  private static final System.Logger LOG = System.getLogger(Federation.class.getName());
  private static final Backoff BACKOFF = new Backoff(Duration.ofSeconds(1), Duration.ofMinutes(5));

  private final StateFiles files;
  private final InstantSource clock;
  private final RandomGenerator random;
  private final Runnable changed;
  private final Context context;
  private final Vertx vertx;
  private final Map<String, Followed> followed = new ConcurrentSkipListMap<>();

  private static final class Followed {
    private final Domain domain;
    private volatile Optional<DomainBundle> held;
    private volatile Optional<String> problem = Optional.of("not asked yet");
    private Instant due = Instant.MIN;
    private int failures;
    private boolean underWay;

    private Followed(Domain domain, Optional<DomainBundle> held) {
      this.domain = domain;
      this.held = held;
    }
  }

  /**
   * Reads what is on disk. Blocking.
   *
   * @param changed called whenever {@link #bundles} has changed
   * @throws UserError where a bundle-file cannot be used
   */
  public Federation(
      Vertx vertx,
      Iterable<Domain> domains,
      StateFiles files,
      InstantSource clock,
      RandomGenerator random,
      Runnable changed) {
    this.vertx = vertx;
    this.context = vertx.getOrCreateContext();
    this.files = files;
    this.clock = clock;
    this.random = random;
    this.changed = changed;
    for (Domain domain : domains) {
      Optional<DomainBundle> held = kept(domain).or(() -> first(domain));
      followed.put(domain.trustDomain(), new Followed(domain, held));
    }
  }

  private Optional<DomainBundle> kept(Domain domain) {
    try {
      return files
          .read(file(domain))
          .map(bytes -> new String(bytes, StandardCharsets.UTF_8))
          .map(text -> BundleDocument.parse(domain.trustDomain(), text).bundle());
    } catch (IOException | IllegalArgumentException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          files.path(file(domain)) + " cannot be used and is treated as missing: " + e);
      return Optional.empty();
    }
  }

  private static Optional<DomainBundle> first(Domain domain) {
    return domain
        .bundleFile()
        .map(
            path -> {
              try {
                return BundleDocument.parse(domain.trustDomain(), Files.readString(path)).bundle();
              } catch (IOException | IllegalArgumentException e) {
                throw new UserError(
                    "federation.domains: the bundle of "
                        + domain.trustDomain()
                        + " in "
                        + path
                        + " cannot be used: "
                        + e.getMessage()
                        + "; ask that domain's operator for its bundle document",
                    e);
              }
            });
  }

  private static String file(Domain domain) {
    return domain.trustDomain() + ".json";
  }

  /** The bundles that hold now, in the order of their domains' names. */
  public List<DomainBundle> bundles() {
    return followed.values().stream().flatMap(each -> each.held.stream()).toList();
  }

  /**
   * What is known of a domain.
   *
   * @param sequence of its bundle that holds; empty where nobody of it is believed yet
   * @param problem why a newer one cannot be had
   */
  public record State(String endpoint, Optional<Long> sequence, Optional<String> problem) {}

  /** What is known of each domain that is followed, by its name. */
  public SortedMap<String, State> states() {
    SortedMap<String, State> states = new TreeMap<>();
    followed.forEach(
        (domain, each) ->
            states.put(
                domain,
                new State(
                    each.domain.endpoint().toString(),
                    each.held.map(DomainBundle::sequence),
                    each.problem)));
    return states;
  }

  /** What is wrong, by trust domain. */
  public SortedMap<String, String> problems() {
    SortedMap<String, String> problems = new TreeMap<>();
    states()
        .forEach((domain, it) -> it.problem().ifPresent(problem -> problems.put(domain, problem)));
    return problems;
  }

  /** Asks those that are due. To be called every second. */
  public void look() {
    context.runOnContext(_ -> followed.values().forEach(this::look));
  }

  private void look(Followed each) {
    if (each.underWay || clock.instant().isBefore(each.due)) {
      return;
    }
    each.underWay = true;
    BundleFetch.fetch(vertx, each.domain, () -> roots(each), clock)
        .map(text -> judged(each, text))
        .compose(document -> keep(each, document))
        .onComplete(
            outcome -> {
              each.underWay = false;
              if (outcome.succeeded()) {
                each.failures = 0;
                each.problem = Optional.empty();
                each.due = clock.instant().plus(outcome.result().refresh());
              } else {
                failed(each, String.valueOf(outcome.cause().getMessage()).replace('\n', ' '));
              }
            });
  }

  private static List<java.security.cert.X509Certificate> roots(Followed each) {
    return each.held.map(DomainBundle::roots).orElseGet(List::of);
  }

  private static BundleDocument judged(Followed each, String text) {
    BundleDocument document = BundleDocument.parse(each.domain.trustDomain(), text);
    long before = each.held.map(DomainBundle::sequence).orElse(0L);
    if (document.bundle().sequence() < before) {
      throw new IllegalArgumentException(
          "its number fell from "
              + before
              + " to "
              + document.bundle().sequence()
              + ": an old bundle is shown again");
    }
    return document;
  }

  /** On disk first, so that a number that was seen is remembered. */
  private Future<BundleDocument> keep(Followed each, BundleDocument document) {
    if (each.held.equals(Optional.of(document.bundle()))) {
      return Future.succeededFuture(document);
    }
    return context
        .<BundleDocument>executeBlocking(
            () -> {
              files.write(file(each.domain), document.text().getBytes(StandardCharsets.UTF_8));
              return document;
            })
        .map(Objects::requireNonNull)
        .onSuccess(
            _ -> {
              each.held = Optional.of(document.bundle());
              LOG.log(
                  System.Logger.Level.INFO,
                  "the bundle of {0} is now number {1}",
                  each.domain.trustDomain(),
                  Long.toString(document.bundle().sequence()));
              changed.run();
            });
  }

  private void failed(Followed each, String why) {
    each.failures++;
    each.due = clock.instant().plus(BACKOFF.delay(each.failures, random));
    if (!each.problem.equals(Optional.of(why))) {
      LOG.log(
          System.Logger.Level.WARNING,
          "the bundle of "
              + each.domain.trustDomain()
              + " at "
              + each.domain.endpoint()
              + " cannot be taken: "
              + why
              + (each.held.isPresent() ? "; the last good one holds" : ""));
    }
    each.problem = Optional.of(why);
  }
}
