package io.hostmesh.citadel.authority;

import io.hostmesh.citadel.authority.Profiles.Signer;
import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.state.StateFiles;
import io.hostmesh.runtime.tls.Pem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * The authority on disk, each file for the owner's eyes only: {@code root.crt}, {@code root.key}
 * (which may be taken away while no new intermediate is needed) and {@code intermediate.pem} (key
 * and certificate). Keys are encrypted. Blocking.
 */
public final class AuthorityFiles {
  private static final String ROOT = "root.crt";
  private static final String ROOT_KEY = "root.key";
  private static final String INTERMEDIATE = "intermediate.pem";
  private static final int URI_NAME = 6;

  private final StateFiles files;
  private final Passphrase passphrase;
  private final SecureRandom random;

  public AuthorityFiles(StateFiles files, Passphrase passphrase, SecureRandom random) {
    this.files = files;
    this.passphrase = passphrase;
    this.random = random;
  }

  boolean exists() {
    return Files.exists(files.path(ROOT));
  }

  boolean hasRootKey() {
    return Files.exists(files.path(ROOT_KEY));
  }

  Path rootKeyPath() {
    return files.path(ROOT_KEY);
  }

  /** The key first: a root that has a certificate has its key. */
  void writeRoot(Signer root) {
    write(ROOT_KEY, EncryptedKey.encrypt(root.key(), passphrase, random));
    write(ROOT, encode(root.certificate()));
  }

  void writeIntermediate(Signer intermediate) {
    write(
        INTERMEDIATE,
        EncryptedKey.encrypt(intermediate.key(), passphrase, random)
            + encode(intermediate.certificate()));
  }

  X509Certificate root(String trustDomain) {
    X509Certificate root = certificate(ROOT, required(ROOT));
    if (!names(root).contains("spiffe://" + trustDomain)) {
      throw new UserError(
          files.path(ROOT)
              + ": is the root of "
              + names(root)
              + ", the configuration says trust-domain = "
              + trustDomain
              + "; give this citadel another state-dir or the trust domain that it was made for");
    }
    return root;
  }

  PrivateKey rootKey() {
    return key(ROOT_KEY, required(ROOT_KEY));
  }

  /** The intermediate; empty where there is none yet. */
  Optional<Signer> intermediate(X509Certificate root) {
    return read(INTERMEDIATE)
        .map(
            text -> {
              X509Certificate certificate = certificate(INTERMEDIATE, text);
              try {
                certificate.verify(root.getPublicKey());
              } catch (GeneralSecurityException e) {
                throw new UserError(
                    files.path(INTERMEDIATE) + ": is not signed by " + files.path(ROOT), e);
              }
              return new Signer(certificate, key(INTERMEDIATE, text));
            });
  }

  private PrivateKey key(String name, String text) {
    try {
      return EncryptedKey.decrypt(text, passphrase);
    } catch (GeneralSecurityException e) {
      throw new UserError(
          files.path(name)
              + ": the key cannot be opened: wrong passphrase, or a damaged file; check "
              + "key.passphrase-file",
          e);
    }
  }

  private X509Certificate certificate(String name, String text) {
    try {
      List<X509Certificate> certificates = Pem.certificates(text);
      if (certificates.size() == 1) {
        return certificates.getFirst();
      }
      throw new UserError(
          files.path(name) + ": holds " + certificates.size() + " certificates, expected one");
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      throw new UserError(
          files.path(name) + ": is damaged: " + e.getMessage() + "; restore it from a backup", e);
    }
  }

  private static List<String> names(X509Certificate certificate) {
    try {
      Collection<List<?>> names = certificate.getSubjectAlternativeNames();
      return names == null
          ? List.of()
          : names.stream()
              .filter(name -> name.getFirst() instanceof Integer type && type == URI_NAME)
              .map(name -> String.valueOf(name.get(1)))
              .toList();
    } catch (GeneralSecurityException e) {
      return List.of("unreadable names: " + e.getMessage());
    }
  }

  private static String encode(X509Certificate certificate) {
    try {
      return Pem.encode(List.of(certificate));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("a certificate just made cannot be encoded", e);
    }
  }

  private String required(String name) {
    return read(name)
        .orElseThrow(
            () -> new UserError(files.path(name) + ": is missing; restore it from a backup"));
  }

  private Optional<String> read(String name) {
    try {
      return files.read(name).map(bytes -> new String(bytes, StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UserError(files.path(name) + ": cannot be read: " + e, e);
    }
  }

  private void write(String name, String text) {
    try {
      files.write(name, text.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UserError(files.path(name) + ": cannot be written: " + e, e);
    }
  }
}
