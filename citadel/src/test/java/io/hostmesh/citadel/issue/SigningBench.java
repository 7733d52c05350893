package io.hostmesh.citadel.issue;

import io.hostmesh.citadel.authority.Authority;
import io.hostmesh.citadel.authority.AuthorityFiles;
import io.hostmesh.citadel.authority.Lifetimes;
import io.hostmesh.citadel.authority.Passphrase;
import io.hostmesh.citadel.ledger.IssuedBook;
import io.hostmesh.citadel.ledger.Ledger;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.identity.Csr;
import io.hostmesh.runtime.identity.KeyPairs;
import io.hostmesh.runtime.state.StateFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;

/** Certificates a second: the signature alone, and all that citadel does for a request. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
public class SigningBench {
  private static final Duration HOUR = Duration.ofHours(1);
  private static final SpiffeId ID =
      SpiffeId.Service.of("bench.local", "dc1", ServiceName.of("web"));
  private static final int REQUESTS = 256;

  private final List<byte[]> requests = new ArrayList<>();
  private final AtomicInteger next = new AtomicInteger();
  private Path folder = Path.of("");
  private Authority authority;
  private Ledger ledger;
  private Issuer issuer;

  /** A citadel's authority and ledger in a folder of their own, and keys that ask. */
  public SigningBench() {
    try {
      folder = Files.createTempDirectory(Path.of("target"), "signing-bench");
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
    SecureRandom random = new SecureRandom();
    authority =
        Authority.open(
            "bench.local",
            Lifetimes.DEFAULT,
            new AuthorityFiles(
                files(folder.resolve("state")),
                Passphrase.read(folder.resolve("phrase"), true, random),
                random),
            Clock.systemUTC(),
            random);
    ledger = Ledger.open(folder.resolve("ledger.jsonl"), Clock.systemUTC(), _ -> {});
    issuer = new Issuer(authority, ledger, new IssuedBook(Clock.systemUTC()), Clock.systemUTC());
  }

  private static StateFiles files(Path folder) {
    try {
      return new StateFiles(folder);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Setup
  public void keys() {
    for (int key = 0; key < REQUESTS; key++) {
      requests.add(Csr.of(KeyPairs.generate()));
    }
  }

  @TearDown
  public void clean() throws IOException {
    ledger.close();
    try (Stream<Path> paths = Files.walk(folder)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }

  private PublicKey proven() {
    return Csr.provenKey(requests.get(Math.floorMod(next.getAndIncrement(), REQUESTS)));
  }

  /** The certificate alone, on one core. */
  @Benchmark
  public List<X509Certificate> signature() {
    return authority.sign(ID, authority.intermediate().getPublicKey(), HOUR);
  }

  /** Proof of the key, certificate, judgement of it and the ledger's fsync, as requests come. */
  @Benchmark
  @Threads(32)
  public List<X509Certificate> request() {
    return issuer.issue("issue", "bench", ID, proven(), HOUR);
  }
}
