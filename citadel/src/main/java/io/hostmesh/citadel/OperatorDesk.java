package io.hostmesh.citadel;

import io.hostmesh.citadel.authority.Authority;
import io.hostmesh.citadel.issue.Issuer;
import io.hostmesh.model.OperatorRole;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.model.hocon.Section;
import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.admin.AdminServer;
import io.hostmesh.runtime.identity.Csr;
import io.hostmesh.runtime.tls.Pem;
import io.vertx.core.json.JsonObject;
import java.security.PublicKey;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Base64;
import java.util.List;

/** Certificates for operators, on an admin's word. Safe for any thread; blocks. */
final class OperatorDesk {
  private static final Duration USUAL = Duration.ofHours(12);
  private static final Duration LONGEST = Duration.ofDays(90);

  private final Authority authority;
  private final Issuer issuer;

  OperatorDesk(Authority authority, Issuer issuer) {
    this.authority = authority;
    this.issuer = issuer;
  }

  /**
   * Answers {@code {name, role, ttl, csr}} with the certificate.
   *
   * @param wish the request's body; the request for the certificate is PKCS #10, base64
   */
  JsonObject create(Section wish, AdminServer.Request request) {
    OperatorRole role = wish.choice("role", OperatorRole.class, OperatorRole.VIEWER);
    SpiffeId.Operator id =
        wish.value("name", name -> new SpiffeId.Operator(authority.trustDomain(), role, name));
    Duration ttl = wish.duration("ttl", USUAL);
    PublicKey key = wish.value("csr", text -> Csr.provenKey(Base64.getDecoder().decode(text)));
    wish.end();
    if (ttl.isZero() || ttl.compareTo(LONGEST) > 0) {
      throw wish.refuse(
          "ttl", "an operator's certificate lives for more than 0 and at most 90 days");
    }
    List<X509Certificate> chain = issuer.issue("operator", request.caller().text(), id, key, ttl);
    X509Certificate leaf = chain.getFirst();
    String serial = leaf.getSerialNumber().toString(16);
    String end = leaf.getNotAfter().toInstant().toString();
    request.note().object("operator " + id.uri()).after("serial " + serial + " until " + end);
    try {
      return new JsonObject()
          .put("id", id.uri())
          .put("serial", serial)
          .put("notAfter", end)
          .put("chain", Pem.encode(chain))
          .put("roots", Pem.encode(authority.roots().roots()));
    } catch (CertificateException e) {
      throw new UserError("a certificate just made cannot be encoded", e);
    }
  }
}
