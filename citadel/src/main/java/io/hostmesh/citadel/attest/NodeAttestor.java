package io.hostmesh.citadel.attest;

import com.google.protobuf.ByteString;
import io.hostmesh.runtime.identity.MachineProof;

/**
 * A way in which a machine proves that it is the node that it says, without a token. The agent has
 * the other half under the same name ({@code io.hostmesh.runtime.identity.NodeAttestor}).
 * Challenges are made and their answers are taken once by {@link Joining}; an attestor judges the
 * proof only. Implementations are safe for any thread and may block.
 */
public interface NodeAttestor {
  /** What agents ask for it by, for instance {@code x509pop}. */
  String name();

  /**
   * What a machine is asked beside the nonce; nothing for most.
   *
   * @param opening what the agent's half said of the machine, for instance a TPM's keys
   */
  default ByteString question(String node, ByteString opening) {
    return ByteString.EMPTY;
  }

  /**
   * Judges a proof.
   *
   * @param proof what it must be bound to: node's name, nonce, certificate request
   * @param evidence from the machine, at most 64 KiB, believed in nothing
   * @return who the machine is, in words, for ledger and operators
   * @throws io.hostmesh.citadel.Refusal where it does not prove that this machine may be the node
   */
  String attest(MachineProof proof, ByteString evidence);
}
