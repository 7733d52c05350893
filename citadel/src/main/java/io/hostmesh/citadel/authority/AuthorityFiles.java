package io.hostmesh.citadel.authority;

import com.google.protobuf.ByteString;
import io.hostmesh.api.v1.RootsStatement;
import io.hostmesh.api.v1.SignedStatement;
import io.hostmesh.citadel.authority.Profiles.Signer;
import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.identity.KeyPairs;
import io.hostmesh.runtime.identity.SignedStatements;
import io.hostmesh.runtime.state.StateFiles;
import io.hostmesh.runtime.tls.KeyIds;
import io.hostmesh.runtime.tls.Pem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The authority on disk, each file for the owner's eyes only: {@code root.crt}, {@code root.key}
 * (which may be taken away while no new intermediate is needed), those of a later root as {@code
 * root-<fingerprint>}, {@code roots.pb} (how far a rotation has come), {@code intermediate.pem}
 * (key and chain), {@code intermediate-next.pem} and {@code intermediate-next.key} while another
 * one is being made. Keys are encrypted. What cannot be read is kept as it is. Blocking.
 */
public final class AuthorityFiles {
  static final String CURRENT = "intermediate.pem";
  static final String NEXT = "intermediate-next.pem";
  private static final String PENDING = "intermediate-next.key";
  private static final String ROOT = "root.crt";
  private static final String ROOT_KEY = "root.key";
  private static final String STATE = "roots.pb";
  private static final List<String> SECRET = List.of(ROOT_KEY, CURRENT, NEXT, PENDING);
  private static final Set<PosixFilePermission> OTHERS =
      Set.of(
          PosixFilePermission.GROUP_READ,
          PosixFilePermission.GROUP_WRITE,
          PosixFilePermission.OTHERS_READ,
          PosixFilePermission.OTHERS_WRITE);
  private static final int SHORT = 16;
  private static final int URI_NAME = 6;

  private final StateFiles files;
  private final Passphrase passphrase;
  private final SecureRandom random;

  public AuthorityFiles(StateFiles files, Passphrase passphrase, SecureRandom random) {
    this.files = files;
    this.passphrase = passphrase;
    this.random = random;
  }

  /** Whether there is a root of this citadel's own, or one that was given to it. */
  boolean exists() {
    return Files.exists(files.path(ROOT)) || Files.exists(files.path(STATE));
  }

  /**
   * Judges what is there before anything is made or written: a file that is missing beside others
   * was lost, and making it anew would be the end of what those belong to.
   *
   * @throws UserError where a file is missing, damaged, open to others, or not of the others
   */
  void check(String trustDomain) {
    for (String name : SECRET) {
      checkMode(name);
      if (!exists() && Files.exists(files.path(name))) {
        throw new UserError(
            files.path(ROOT)
                + ": is missing, but "
                + name
                + " is there; restore it from a backup, or remove both where this citadel never ran");
      }
    }
    if (exists()) {
      for (X509Certificate root : state(trustDomain).roots()) {
        if (hasRootKey(root)) {
          var _ = rootKey(root);
        }
      }
    }
  }

  private void checkMode(String name) {
    Path file = files.path(name);
    try {
      if (Files.exists(file)
          && Files.getPosixFilePermissions(file).stream().anyMatch(OTHERS::contains)) {
        throw new UserError(
            file
                + ": this key is open to other users; run: chmod 600 "
                + file
                + ", and find out who may have read it");
      }
    } catch (IOException e) {
      throw new UserError(file + ": its mode cannot be read: " + e.getMessage(), e);
    }
  }

  boolean hasRootKey(X509Certificate root) {
    return Files.exists(rootKeyPath(root));
  }

  Path rootKeyPath(X509Certificate root) {
    return files.path(keyName(root));
  }

  private String keyName(X509Certificate root) {
    boolean isFirst =
        read(ROOT).filter(text -> certificates(ROOT, text).contains(root)).isPresent();
    return isFirst ? ROOT_KEY : laterName(root) + ".key";
  }

  private static String laterName(X509Certificate root) {
    return "root-" + KeyIds.fingerprint(root).substring(0, SHORT);
  }

  /** The key first: a root that has a certificate has its key. */
  void writeFirstRoot(Signer root) {
    write(ROOT_KEY, EncryptedKey.encrypt(root.key(), passphrase, random));
    write(ROOT, encode(List.of(root.certificate())));
  }

  /** A root that is to follow another. */
  void writeLaterRoot(Signer root) {
    String name = laterName(root.certificate());
    write(name + ".key", EncryptedKey.encrypt(root.key(), passphrase, random));
    write(name + ".crt", encode(List.of(root.certificate())));
  }

  PrivateKey rootKey(X509Certificate root) {
    String name = keyName(root);
    checkMode(name);
    PrivateKey key = key(name, required(name));
    checkKey(name, key, root);
    return key;
  }

  /**
   * How far things have come; the statement is what the registry holds, unsigned where no root is
   * here to sign it.
   */
  void writeState(SignedStatement statement) {
    try {
      files.write(STATE, statement.toByteArray());
    } catch (IOException e) {
      throw new UserError(files.path(STATE) + ": cannot be written: " + e, e);
    }
  }

  /**
   * Takes roots that an operator has given, until a rotation has changed them: from then on its
   * statement holds.
   *
   * @throws UserError where the folder has a root of its own that is not among them
   */
  void giveRoots(String trustDomain, List<X509Certificate> given, Instant now) {
    if (statement().filter(statement -> !statement.getSignature().isEmpty()).isPresent()) {
      return;
    }
    if (!exists()) {
      writeGiven(trustDomain, RootState.given(given, 0), now);
      return;
    }
    RootState held = state(trustDomain);
    boolean isAnothers = statement().isEmpty() && !new HashSet<>(given).containsAll(held.roots());
    if (isAnothers) {
      throw new UserError(
          files.path(ROOT)
              + ": is a root of this citadel's own, which ca.root-file does not name; give this"
              + " citadel another state-dir, or ca.source = built-in");
    }
    if (!held.roots().equals(given)) {
      writeGiven(trustDomain, RootState.given(given, held.version() + 1), now);
    }
  }

  private void writeGiven(String trustDomain, RootState state, Instant now) {
    writeState(
        SignedStatement.newBuilder()
            .setPayload(
                state.statement(trustDomain, "ca.root-file", now.getEpochSecond()).toByteString())
            .build());
  }

  /** The roots that hold, as they were last written; the first root where that never happened. */
  RootState state(String trustDomain) {
    RootState state =
        statement()
            .map(
                statement -> {
                  try {
                    return RootState.read(RootsStatement.parseFrom(statement.getPayload()));
                  } catch (GeneralSecurityException | IOException e) {
                    throw damaged(STATE, e);
                  }
                })
            .orElseGet(() -> RootState.of(only(ROOT, certificates(ROOT, required(ROOT)))));
    state.roots().forEach(this::checkOwnSignature);
    statement().ifPresent(this::checkSignature);
    X509Certificate root = state.signingRoot();
    List<String> names = names(root);
    if (!names.isEmpty() && !names.contains("spiffe://" + trustDomain)) {
      throw new UserError(
          files.path(statement().isPresent() ? STATE : ROOT)
              + ": is the root of "
              + names
              + ", the configuration says trust-domain = "
              + trustDomain
              + "; give this citadel another state-dir or the trust domain that it was made for");
    }
    return state;
  }

  /** What a changed byte would not have. */
  private void checkOwnSignature(X509Certificate root) {
    try {
      if (IntermediateCheck.isSelfSigned(root)) {
        root.verify(root.getPublicKey());
      }
    } catch (GeneralSecurityException e) {
      throw damaged(Files.exists(files.path(STATE)) ? STATE : ROOT, e);
    }
  }

  private void checkSignature(SignedStatement statement) {
    if (statement.getSignature().isEmpty()) {
      return;
    }
    try {
      X509Certificate signer =
          only(
              STATE,
              Pem.certificates(
                  statement.getChainList().stream().map(ByteString::toByteArray).toList()));
      checkOwnSignature(signer);
      SignedStatements.checkSignature(statement, RootsStatement.getDefaultInstance(), signer);
    } catch (GeneralSecurityException e) {
      throw damaged(STATE, e);
    }
  }

  Optional<SignedStatement> statement() {
    try {
      Optional<byte[]> bytes = files.read(STATE);
      return bytes.isPresent()
          ? Optional.of(SignedStatement.parseFrom(bytes.get()))
          : Optional.empty();
    } catch (IOException e) {
      throw damaged(STATE, e);
    }
  }

  void writeIntermediate(String name, Intermediate intermediate) {
    write(
        name,
        EncryptedKey.encrypt(intermediate.key(), passphrase, random)
            + encode(intermediate.chain()));
  }

  /** An intermediate whose key belongs to it; empty where there is none. */
  Optional<Intermediate> intermediate(String name) {
    return read(name)
        .map(
            text -> {
              List<X509Certificate> chain = certificates(name, text);
              PrivateKey key = key(name, text);
              checkKey(name, key, chain.getFirst());
              return new Intermediate(chain, key);
            });
  }

  void delete(String name) {
    try {
      files.delete(name);
    } catch (IOException e) {
      throw new UserError(files.path(name) + ": cannot be deleted: " + e, e);
    }
  }

  /** The key of a request that an operator has signed elsewhere, made where there is none. */
  KeyPair pendingKey(KeyPairs.Curve curve) {
    Optional<String> kept = read(PENDING);
    if (kept.isPresent()) {
      return pair(key(PENDING, kept.get()));
    }
    KeyPair fresh = KeyPairs.generate(curve);
    write(PENDING, EncryptedKey.encrypt(fresh.getPrivate(), passphrase, random));
    return fresh;
  }

  /** The key of a request whose answer has not come yet; empty where nothing was asked. */
  Optional<KeyPair> pendingKey() {
    return read(PENDING).map(text -> pair(key(PENDING, text)));
  }

  void deletePending() {
    delete(PENDING);
  }

  private static KeyPair pair(PrivateKey key) {
    try {
      return new KeyPair(KeyPairs.publicOf(key), key);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("a key of ours that is none", e);
    }
  }

  Path path(String name) {
    return files.path(name);
  }

  private void checkKey(String name, PrivateKey key, X509Certificate certificate) {
    try {
      if (KeyPairs.publicOf(key).equals(certificate.getPublicKey())) {
        return;
      }
    } catch (GeneralSecurityException e) {
      throw damaged(name, e);
    }
    throw new UserError(
        files.path(name) + ": its key is not that of its certificate; restore it from a backup");
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

  private List<X509Certificate> certificates(String name, String text) {
    try {
      List<X509Certificate> certificates = Pem.certificates(text);
      if (certificates.isEmpty()) {
        throw new UserError(files.path(name) + ": holds no certificate; restore it from a backup");
      }
      return certificates;
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      throw damaged(name, e);
    }
  }

  private X509Certificate only(String name, List<X509Certificate> certificates) {
    if (certificates.size() != 1) {
      throw new UserError(
          files.path(name) + ": holds " + certificates.size() + " certificates, expected one");
    }
    return certificates.getFirst();
  }

  private UserError damaged(String name, Exception e) {
    return new UserError(
        files.path(name) + ": is damaged: " + e.getMessage() + "; restore it from a backup", e);
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

  private static String encode(List<X509Certificate> certificates) {
    try {
      return Pem.encode(certificates);
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
