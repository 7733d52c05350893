package io.hostmesh.runtime.identity;

import io.hostmesh.api.v1.Challenge;

/**
 * How a host proves who it is before it has a certificate of the mesh, without a token. Citadel has
 * the other half under the same name ({@code io.hostmesh.citadel.attest.NodeAttestor}); another way
 * than {@link X509Pop}, such as a TPM, is one more class on each side.
 */
public interface NodeAttestor {
  /** What citadel knows this way by. */
  String name();

  /** The SHA-256 of the mesh's root, hexadecimal: whom to believe that it is citadel. */
  String root();

  /** What citadel needs to make its challenge; nothing for most. May block. */
  default byte[] opening() {
    return new byte[0];
  }

  /**
   * The proof. May block.
   *
   * @param proof what it must be bound to; its nonce is the challenge's
   * @throws io.hostmesh.runtime.UserError where something of this host is missing or unusable
   */
  byte[] evidence(Challenge challenge, MachineProof proof);
}
