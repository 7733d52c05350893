package io.hostmesh.runtime.identity;

import java.time.Instant;
import java.util.Optional;

/**
 * How an identity stands, for people.
 *
 * @param id the SPIFFE ID; empty where there is no certificate
 * @param serial the certificate's serial number, hexadecimal
 * @param problem why it was not issued or renewed when it was last tried; empty while all is well
 * @param late whether renewal has failed for so long that someone must look
 */
public record IdentityStatus(
    Optional<String> id,
    Optional<String> serial,
    Optional<Instant> notAfter,
    Optional<Instant> renewAt,
    Optional<String> problem,
    boolean late) {}
