package io.hostmesh.runtime.identity;

import com.google.protobuf.InvalidProtocolBufferException;
import io.hostmesh.api.v1.TrustBundle;
import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.state.StateFiles;
import io.hostmesh.runtime.tls.Pem;
import io.hostmesh.runtime.tls.Svid;
import io.hostmesh.runtime.tls.SvidVerifier;
import io.hostmesh.runtime.tls.TrustRoots;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Certificates with their keys and the trust bundle on disk: one file each, PEM, mode 0600 in a
 * folder of mode 0700, replaced as a whole. Blocking.
 */
final class IdentityFiles {
  private static final System.Logger LOG = System.getLogger(IdentityFiles.class.getName());
  private static final String BUNDLE = "bundle.pem";

  /** The bundle as citadel sent it, denials included; what stands above it is for people. */
  private static final String WHOLE = "HOSTMESH TRUST BUNDLE";

  private static final Pattern BUNDLE_HEAD =
      Pattern.compile("# trust-domain (?<domain>[a-z0-9.-]+) sequence (?<sequence>[0-9]{1,18})\\n");

  private final StateFiles files;
  private final Path directory;

  /**
   * @throws UserError where the folder cannot be used
   */
  IdentityFiles(Path directory) {
    this.directory = directory;
    try {
      this.files = new StateFiles(directory);
      Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
    } catch (IOException e) {
      throw unusable(e);
    }
  }

  Path directory() {
    return directory;
  }

  /** The names of what is there. */
  List<String> names() {
    try (Stream<Path> paths = Files.list(directory)) {
      return paths.map(path -> String.valueOf(path.getFileName())).toList();
    } catch (IOException e) {
      throw unusable(e);
    }
  }

  /** A certificate and its key; empty where there is none, or none that can be read. */
  Optional<Svid> readSvid(String name) {
    return text(name)
        .flatMap(
            text -> {
              try {
                List<X509Certificate> chain = Pem.certificates(text);
                if (chain.isEmpty()) {
                  throw new GeneralSecurityException("no CERTIFICATE block");
                }
                return Optional.of(
                    new Svid(SvidVerifier.leafId(chain.getFirst()), chain, Pem.key(text)));
              } catch (GeneralSecurityException | IllegalArgumentException e) {
                damaged(name, e);
                return Optional.empty();
              }
            });
  }

  void writeSvid(String name, Svid svid) {
    try {
      write(name, Pem.encode(svid.key()) + Pem.encode(svid.chain()));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("a certificate that was read cannot be written", e);
    }
  }

  Optional<TrustRoots> readRoots() {
    return text(BUNDLE)
        .flatMap(
            text -> {
              try {
                Matcher head = BUNDLE_HEAD.matcher(text);
                List<X509Certificate> roots = Pem.certificates(text);
                if (!head.lookingAt() || roots.isEmpty()) {
                  throw new GeneralSecurityException("it does not begin as a bundle");
                }
                Optional<byte[]> whole = Pem.block(text, WHOLE);
                return Optional.of(
                    whole.isPresent()
                        ? Bundles.read(TrustBundle.parseFrom(whole.get()))
                        : new TrustRoots(
                            head.group("domain"), roots, Long.parseLong(head.group("sequence"))));
              } catch (GeneralSecurityException
                  | IllegalArgumentException
                  | InvalidProtocolBufferException e) {
                damaged(BUNDLE, e);
                return Optional.empty();
              }
            });
  }

  void writeRoots(TrustRoots roots) {
    try {
      write(
          BUNDLE,
          "# trust-domain "
              + roots.trustDomain()
              + " sequence "
              + roots.sequence()
              + "\n"
              + Pem.encode(roots.roots())
              + Pem.block(WHOLE, Bundles.message(roots).toByteArray()));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("a root that was read cannot be written", e);
    }
  }

  /**
   * The key pair with which a join was begun, made and kept where there is none: an attempt that
   * lost its answer is repeated with the same key, which citadel recognises.
   */
  KeyPair pendingKey(String name) {
    Optional<KeyPair> kept =
        text(name)
            .flatMap(
                text -> {
                  try {
                    PrivateKey key = Pem.key(text);
                    return Optional.of(new KeyPair(KeyPairs.publicOf(key), key));
                  } catch (GeneralSecurityException | IllegalArgumentException e) {
                    damaged(name, e);
                    return Optional.empty();
                  }
                });
    return kept.orElseGet(
        () -> {
          KeyPair fresh = KeyPairs.generate();
          write(name, Pem.encode(fresh.getPrivate()));
          return fresh;
        });
  }

  Optional<String> text(String name) {
    try {
      return files.read(name).map(bytes -> new String(bytes, StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw unusable(e);
    }
  }

  void write(String name, String text) {
    try {
      files.write(name, text.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw unusable(e);
    }
  }

  void delete(String name) {
    try {
      files.delete(name);
    } catch (IOException e) {
      throw unusable(e);
    }
  }

  private void damaged(String name, Exception why) {
    LOG.log(
        System.Logger.Level.WARNING,
        files.path(name) + " cannot be used and is treated as missing: " + why.getMessage());
  }

  private UserError unusable(IOException e) {
    return new UserError(
        "cannot use the identity folder "
            + directory
            + ": "
            + e
            + "; check its owner, mode and disk",
        e);
  }
}
