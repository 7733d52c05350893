package io.hostmesh.runtime.identity;

import com.google.protobuf.ByteString;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.interfaces.ECKey;
import java.security.interfaces.EdECKey;
import java.security.interfaces.RSAKey;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;

/**
 * What a host signs with its machine certificate's key to join ({@code X509PopEvidence}), for both
 * ends. The signature holds for one challenge, one node's name and one request for a certificate,
 * so neither a replay nor another key gets anything for it.
 *
 * @param nonce of the challenge
 * @param csr whose key will be the node's
 */
public record MachineProof(String trustDomain, String node, ByteString nonce, ByteString csr) {
  private static final String LABEL = "hostmesh x509pop v1";
  private static final int LEAST_RSA_BITS = 2048;

  /**
   * @throws GeneralSecurityException where the key is of a kind or strength that is not taken
   */
  public byte[] sign(PrivateKey key) throws GeneralSecurityException {
    Signature signature = algorithm(key);
    signature.initSign(key);
    signature.update(statement());
    return signature.sign();
  }

  /**
   * Whether this is what the owner of the key signed.
   *
   * @throws GeneralSecurityException where the key is of a kind or strength that is not taken, or
   *     the signature is none
   */
  public boolean isSignedBy(PublicKey key, byte[] signed) throws GeneralSecurityException {
    Signature signature = algorithm(key);
    signature.initVerify(key);
    signature.update(statement());
    return signature.verify(signed);
  }

  private byte[] statement() {
    ByteArrayOutputStream statement = new ByteArrayOutputStream();
    for (byte[] part :
        new byte[][] {
          text(LABEL), text(trustDomain), text(node), nonce.toByteArray(), csr.toByteArray()
        }) {
      statement.writeBytes(ByteBuffer.allocate(Integer.BYTES).putInt(part.length).array());
      statement.writeBytes(part);
    }
    return statement.toByteArray();
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** The key decides; nothing is negotiated. */
  private static Signature algorithm(java.security.Key key) throws GeneralSecurityException {
    return switch (key) {
      case ECKey ec ->
          switch (ec.getParams().getOrder().bitLength()) {
            case 256 -> Signature.getInstance("SHA256withECDSA");
            case 384 -> Signature.getInstance("SHA384withECDSA");
            case 521 -> Signature.getInstance("SHA512withECDSA");
            default ->
                throw new GeneralSecurityException(
                    "an EC key of another size than P-256, P-384 or P-521");
          };
      case RSAKey rsa -> {
        if (rsa.getModulus().bitLength() < LEAST_RSA_BITS) {
          throw new GeneralSecurityException(
              "an RSA key of " + rsa.getModulus().bitLength() + " bits; at least 2048 are taken");
        }
        Signature pss = Signature.getInstance("RSASSA-PSS");
        pss.setParameter(
            new PSSParameterSpec(
                "SHA-256",
                "MGF1",
                MGF1ParameterSpec.SHA256,
                32,
                PSSParameterSpec.TRAILER_FIELD_BC));
        yield pss;
      }
      case EdECKey ed when ed.getParams().getName().equals("Ed25519") ->
          Signature.getInstance("Ed25519");
      default ->
          throw new GeneralSecurityException(
              "a key of the kind " + key.getAlgorithm() + "; EC, RSA and Ed25519 are taken");
    };
  }
}
