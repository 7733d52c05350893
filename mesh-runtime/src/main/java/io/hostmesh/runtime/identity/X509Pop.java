package io.hostmesh.runtime.identity;

import com.google.protobuf.ByteString;
import io.hostmesh.api.v1.Challenge;
import io.hostmesh.api.v1.X509PopEvidence;
import io.hostmesh.model.hocon.Section;
import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.config.ConfigFile;
import io.hostmesh.runtime.tls.Pem;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;

/**
 * Proof of possession of a certificate that the machine has already: the object {@code
 * citadel.x509pop} of an agent. Its files are read at each attempt, so that a renewed certificate
 * is the one that counts.
 *
 * @param certFile PEM, the machine's certificate first, then what leads to its CA
 * @param keyFile PEM, not encrypted: PKCS #8, or the older forms of RSA and EC keys
 * @param root the SHA-256 of the mesh's root certificate
 */
public record X509Pop(Path certFile, Path keyFile, String root) implements NodeAttestor {
  public static final String NAME = "x509pop";

  /**
   * Reads the object {@code citadel.x509pop}; empty where nothing of it is set.
   *
   * @throws io.hostmesh.model.hocon.HoconException where only a part is set
   */
  static Optional<X509Pop> read(Section section) {
    Optional<Path> certFile = section.optionalValue("cert-file", Path::of);
    Optional<Path> keyFile = section.optionalValue("key-file", Path::of);
    Optional<String> root = section.optionalValue("root", X509Pop::fingerprint);
    if (certFile.isEmpty() && keyFile.isEmpty() && root.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        new X509Pop(
            certFile.orElseThrow(() -> section.refuse("cert-file", "is missing beside the others")),
            keyFile.orElseThrow(() -> section.refuse("key-file", "is missing beside the others")),
            root.orElseThrow(
                () ->
                    section.refuse(
                        "root",
                        "is missing: the SHA-256 of the mesh's root, as \"hostmesh status --json\""
                            + " of citadel's host shows it"))));
  }

  /** As openssl writes it too: in capitals, with colons. */
  private static String fingerprint(String text) {
    String plain = text.replace(":", "").toLowerCase(Locale.ROOT);
    if (!plain.matches("[0-9a-f]{64}")) {
      throw new IllegalArgumentException("is not a SHA-256, 64 hexadecimal digits");
    }
    return plain;
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public byte[] evidence(Challenge challenge, MachineProof proof) {
    try {
      List<X509Certificate> chain = Pem.certificates(ConfigFile.text(certFile));
      if (chain.isEmpty()) {
        throw new UserError(certFile + ": holds no certificate");
      }
      X509PopEvidence.Builder evidence =
          X509PopEvidence.newBuilder().setSignature(ByteString.copyFrom(proof.sign(key())));
      for (X509Certificate certificate : chain) {
        evidence.addChain(ByteString.copyFrom(certificate.getEncoded()));
      }
      return evidence.build().toByteArray();
    } catch (GeneralSecurityException e) {
      throw new UserError(
          "the machine's certificate or key cannot be used ("
              + certFile
              + ", "
              + keyFile
              + "): "
              + e.getMessage(),
          e);
    }
  }

  private PrivateKey key() {
    try (PEMParser parser = new PEMParser(new StringReader(ConfigFile.text(keyFile)))) {
      JcaPEMKeyConverter converter = new JcaPEMKeyConverter();
      for (Object block = parser.readObject(); block != null; block = parser.readObject()) {
        if (block instanceof PrivateKeyInfo info) {
          return converter.getPrivateKey(info);
        }
        if (block instanceof PEMKeyPair pair) {
          return converter.getKeyPair(pair).getPrivate();
        }
      }
      throw new UserError(keyFile + ": holds no private key that is not encrypted");
    } catch (IOException e) {
      // The parser's words could hold a part of the key.
      throw new UserError(keyFile + ": is not a private key in PEM");
    }
  }
}
