package io.hostmesh.citadel.authority;

import io.hostmesh.runtime.testing.Forged;
import io.hostmesh.runtime.tls.Pem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import org.bouncycastle.asn1.x500.X500Name;

/** A citadel's own root, in the hands of whoever has its folder. */
public final class RootKey {
  private RootKey() {}

  public static Forged.Issuer of(Path state, Path passphrase)
      throws IOException, GeneralSecurityException {
    X509Certificate root = Pem.certificates(Files.readString(state.resolve("root.crt"))).getFirst();
    return new Forged.Issuer(
        X500Name.getInstance(root.getSubjectX500Principal().getEncoded()),
        new KeyPair(
            root.getPublicKey(),
            EncryptedKey.decrypt(
                Files.readString(state.resolve("root.key")),
                Passphrase.read(passphrase, false, new SecureRandom()))));
  }
}
