package io.hostmesh.citadel.authority;

import io.hostmesh.runtime.tls.Pem;
import java.io.IOException;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.util.Base64;
import javax.crypto.Cipher;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKey;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.PBEParameterSpec;

/**
 * A private key as it lies on disk: PKCS #8 encrypted with PBES2, AES-256-CBC and
 * PBKDF2-HMAC-SHA-256 (RFC 8018), so that openssl reads it too. Slow by intent where a person chose
 * the passphrase: some tenths of a second.
 */
final class EncryptedKey {
  private static final String SCHEME = "PBEWithHmacSHA256AndAES_256";
  private static final String LABEL = "ENCRYPTED PRIVATE KEY";

  private EncryptedKey() {}

  static String encrypt(PrivateKey key, Passphrase passphrase, SecureRandom random) {
    byte[] salt = new byte[16];
    byte[] vector = new byte[16];
    random.nextBytes(salt);
    random.nextBytes(vector);
    try {
      Cipher cipher = Cipher.getInstance(SCHEME);
      cipher.init(
          Cipher.ENCRYPT_MODE,
          secret(passphrase.characters()),
          new PBEParameterSpec(salt, passphrase.iterations(), new IvParameterSpec(vector)));
      // The JDK writes the algorithm's identifier only for parameters of this name.
      AlgorithmParameters parameters = AlgorithmParameters.getInstance("PBES2");
      parameters.init(cipher.getParameters().getEncoded());
      byte[] encrypted = cipher.doFinal(key.getEncoded());
      return Pem.block(LABEL, new EncryptedPrivateKeyInfo(parameters, encrypted).getEncoded());
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException("every JDK has " + SCHEME, e);
    }
  }

  /**
   * @throws GeneralSecurityException where the passphrase is wrong or the text is no such key
   */
  static PrivateKey decrypt(String pem, Passphrase passphrase) throws GeneralSecurityException {
    try {
      EncryptedPrivateKeyInfo encrypted = new EncryptedPrivateKeyInfo(der(pem));
      AlgorithmParameters parameters = encrypted.getAlgParameters();
      Cipher cipher = Cipher.getInstance(SCHEME);
      cipher.init(Cipher.DECRYPT_MODE, secret(passphrase.characters()), parameters);
      return KeyFactory.getInstance("EC").generatePrivate(encrypted.getKeySpec(cipher));
    } catch (IOException | IllegalArgumentException e) {
      throw new GeneralSecurityException("not an encrypted PKCS #8 key", e);
    }
  }

  private static SecretKey secret(char[] passphrase) throws GeneralSecurityException {
    return SecretKeyFactory.getInstance(SCHEME).generateSecret(new PBEKeySpec(passphrase));
  }

  private static byte[] der(String pem) {
    int begin = pem.indexOf("-----BEGIN " + LABEL + "-----");
    int end = pem.indexOf("-----END " + LABEL + "-----");
    if (begin < 0 || end < begin) {
      throw new IllegalArgumentException("no " + LABEL + " block");
    }
    return Base64.getMimeDecoder().decode(pem.substring(pem.indexOf('\n', begin), end));
  }
}
