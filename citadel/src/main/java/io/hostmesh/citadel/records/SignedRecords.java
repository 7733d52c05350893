package io.hostmesh.citadel.records;

import com.google.protobuf.Message;
import io.hostmesh.api.v1.SignedStatement;
import io.hostmesh.citadel.Refusal;
import io.hostmesh.citadel.authority.Authority;
import io.hostmesh.registry.Entry;
import io.hostmesh.registry.KeyValue;
import io.hostmesh.registry.RegistryException;
import io.hostmesh.registry.Watch;
import io.hostmesh.registry.WatchListener;
import io.hostmesh.runtime.identity.SignedStatements;
import io.hostmesh.runtime.state.StateFiles;
import io.hostmesh.runtime.tls.KeyIds;
import io.hostmesh.runtime.tls.Pem;
import java.io.IOException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiFunction;

/**
 * Statements of one kind, one a name, in the registry's KV, which others can write: each is
 * believed only with citadel's signature, for this trust domain, and not below the highest version
 * ever seen. The best of each is kept on disk too, so that citadel serves while the registry is
 * away and knows a rollback; what was forged, rolled back or deleted is alarmed and put right.
 *
 * <p>Safe for any thread; methods that talk with the registry block.
 *
 * @param <T> the payload's message
 */
public final class SignedRecords<T extends Message> implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(SignedRecords.class.getName());
  private static final int ATTEMPTS = 5;

  private final RecordKind<T> kind;
  private final Authority authority;
  private final KeyValue keyValue;
  private final StateFiles files;
  private final InstantSource clock;
  private final Map<String, Held<T>> held = new ConcurrentSkipListMap<>();
  private final Map<String, String> alarms = new ConcurrentSkipListMap<>();
  private volatile Optional<String> registryProblem =
      Optional.of("the registry has not answered yet");
  private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
  private volatile Optional<Watch> watch = Optional.empty();

  private record Held<T>(T message, SignedStatement statement) {}

  /**
   * Reads what is on disk; nothing is asked of the registry yet.
   *
   * @param names the names of what is on disk, as files are called
   */
  public SignedRecords(
      RecordKind<T> kind,
      Authority authority,
      KeyValue keyValue,
      StateFiles files,
      Iterable<String> names,
      InstantSource clock) {
    this.kind = kind;
    this.authority = authority;
    this.keyValue = keyValue;
    this.files = files;
    this.clock = clock;
    for (String name : names) {
      readFile(name);
    }
  }

  private void readFile(String name) {
    try {
      Optional<byte[]> bytes = files.read(name);
      if (bytes.isPresent()) {
        held.put(name, judge(name, bytes.get()));
      }
    } catch (IOException | CertificateException e) {
      LOG.log(
          System.Logger.Level.ERROR,
          files.path(name) + ": not a " + kind.what() + " of this citadel: " + e.getMessage());
    }
  }

  /** Begins to follow the registry. */
  public void watch() {
    watch =
        Optional.of(
            keyValue.watch(
                kind.prefix(),
                new WatchListener<>() {
                  @Override
                  public void changed(SortedMap<String, Entry> state) {
                    registryProblem = Optional.empty();
                    reconcile(state);
                  }

                  @Override
                  public void failing(RegistryException failure, int failures) {
                    registryProblem = Optional.of(String.valueOf(failure.getMessage()));
                    if (failures == 1) {
                      LOG.log(
                          System.Logger.Level.WARNING,
                          "cannot follow "
                              + kind.prefix()
                              + ": "
                              + failure.getMessage()
                              + "; what is known is served meanwhile");
                    }
                  }

                  @Override
                  public void recovered() {
                    registryProblem = Optional.empty();
                  }
                }));
  }

  /** What holds now, by name. */
  public SortedMap<String, T> all() {
    SortedMap<String, T> all = new TreeMap<>();
    held.forEach((name, record) -> all.put(name, record.message()));
    return Collections.unmodifiableSortedMap(all);
  }

  public Optional<T> get(String name) {
    return Optional.ofNullable(held.get(name)).map(Held::message);
  }

  /** What was refused in the registry, by name, until it is right again. */
  public SortedMap<String, String> alarms() {
    return Collections.unmodifiableSortedMap(new TreeMap<>(alarms));
  }

  /** Why the registry is not followed now; empty while it is. */
  public Optional<String> registryProblem() {
    return registryProblem;
  }

  /**
   * Makes the next statement about a name and writes it by compare-and-set.
   *
   * @param next from what holds and the new version to the new message
   * @throws Refusal where the registry does not take it
   */
  public T update(String name, BiFunction<Optional<T>, Long, T> next) {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      Optional<Entry> entry = Waiting.on(keyValue.get(key(name)));
      entry.ifPresent(found -> believe(name, found));
      Optional<T> before = get(name);
      T message = next.apply(before, before.map(kind::version).orElse(0L) + 1);
      SignedStatement statement = SignedStatements.sign(message, authority.own());
      long index = entry.map(Entry::modifyIndex).orElse(KeyValue.ABSENT);
      if (Waiting.on(keyValue.putIf(key(name), statement.toByteArray(), index))) {
        hold(name, new Held<>(message, statement));
        alarms.remove(name);
        return message;
      }
    }
    throw new Refusal(
        Refusal.Reason.UNAVAILABLE,
        "the "
            + kind.what()
            + " of "
            + name
            + " is being written by others all the time; try again");
  }

  /** Calls back, on any thread, whenever something else holds. */
  public void onChange(Runnable listener) {
    listeners.add(listener);
  }

  /** Its name in messages. */
  public String what() {
    return kind.what();
  }

  /** The names of those whose signature leads to another root than this one. */
  public List<String> notUnder(X509Certificate root) {
    Optional<String> key = KeyIds.subject(root);
    List<String> names = new ArrayList<>();
    held.forEach(
        (name, record) -> {
          if (!key.equals(issuer(record.statement()))) {
            names.add(name);
          }
        });
    return names;
  }

  private static Optional<String> issuer(SignedStatement statement) {
    try {
      return statement.getChainCount() == 0
          ? Optional.empty()
          : KeyIds.authority(
              Pem.certificate(statement.getChain(statement.getChainCount() - 1).toByteArray()));
    } catch (CertificateException e) {
      return Optional.empty();
    }
  }

  /**
   * Signs anew what is signed below another root than this one: with the root that goes, its
   * signatures go.
   *
   * @throws Refusal where the registry does not take it
   */
  public void signAgain(X509Certificate root) {
    for (String name : notUnder(root)) {
      update(
          name,
          (before, version) ->
              kind.again().of(before.orElseThrow(), version, clock.instant().getEpochSecond()));
    }
  }

  private synchronized void reconcile(SortedMap<String, Entry> state) {
    state.forEach(
        (key, entry) -> {
          String name = key.substring(kind.prefix().length());
          if (kind.isName(name)) {
            believe(name, entry);
          }
        });
    held.forEach(
        (name, record) -> {
          Entry entry = state.get(key(name));
          if (entry == null) {
            alarm(name, "it was deleted in the registry");
            restore(name, record, KeyValue.ABSENT);
          } else if (alarms.containsKey(name)) {
            restore(name, record, entry.modifyIndex());
          }
        });
  }

  /** Takes an entry if it is newer, alarms if it is none of citadel's or older. */
  private void believe(String name, Entry entry) {
    try {
      Held<T> found = judge(name, entry.bytes());
      long version = kind.version(found.message());
      long highest = get(name).map(kind::version).orElse(0L);
      if (version < highest) {
        alarm(name, "it was rolled back from version " + highest + " to " + version);
        return;
      }
      if (alarms.remove(name) != null) {
        LOG.log(System.Logger.Level.INFO, "the " + kind.what() + " of " + name + " is right again");
      }
      if (version > highest) {
        hold(name, found);
      }
    } catch (CertificateException e) {
      alarm(name, String.valueOf(e.getMessage()));
    }
  }

  private Held<T> judge(String name, byte[] bytes) throws CertificateException {
    SignedStatement statement = SignedStatements.parse(bytes);
    Instant now = clock.instant();
    T message =
        SignedStatements.verify(
            statement, kind.example(), kind.parser(), kind::signedAt, authority.roots(), now);
    if (!kind.trustDomain(message).equals(authority.trustDomain())) {
      throw new CertificateException(
          "it is for the trust domain \"" + kind.trustDomain(message) + "\"");
    }
    if (!kind.name(message).equals(name)) {
      throw new CertificateException("it is about " + kind.name(message));
    }
    return new Held<>(message, statement);
  }

  private synchronized void hold(String name, Held<T> record) {
    Held<T> before = held.get(name);
    if (before != null && kind.version(before.message()) >= kind.version(record.message())) {
      return;
    }
    held.put(name, record);
    listeners.forEach(Runnable::run);
    try {
      files.write(name, record.statement().toByteArray());
    } catch (IOException e) {
      LOG.log(
          System.Logger.Level.ERROR,
          files.path(name) + ": cannot be written; a rollback after a restart would go unseen",
          e);
    }
  }

  private void alarm(String name, String reason) {
    if (!reason.equals(alarms.put(name, reason))) {
      LOG.log(
          System.Logger.Level.ERROR,
          "refused the "
              + kind.what()
              + " of "
              + name
              + " in the registry ("
              + key(name)
              + "): "
              + reason
              + "; who can write there?");
    }
  }

  /** Puts the best known statement back; a failure is tried again with the next change. */
  private void restore(String name, Held<T> record, long index) {
    var _ =
        keyValue
            .putIf(key(name), record.statement().toByteArray(), index)
            .whenComplete(
                (_, failure) -> {
                  if (failure != null) {
                    LOG.log(System.Logger.Level.WARNING, "could not restore " + key(name), failure);
                  }
                });
  }

  private String key(String name) {
    return kind.prefix() + name;
  }

  @Override
  public void close() {
    watch.ifPresent(Watch::close);
  }
}
