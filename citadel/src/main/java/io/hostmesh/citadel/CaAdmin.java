package io.hostmesh.citadel;

import io.hostmesh.api.v1.CitadelReport;
import io.hostmesh.api.v1.Revocation;
import io.hostmesh.citadel.authority.Authority;
import io.hostmesh.citadel.authority.CaSettings;
import io.hostmesh.citadel.authority.RootState;
import io.hostmesh.citadel.bundle.Holders;
import io.hostmesh.citadel.ledger.IssuedBook;
import io.hostmesh.citadel.ledger.Ledger;
import io.hostmesh.citadel.revoke.Revocations;
import io.hostmesh.citadel.rotate.Citadels;
import io.hostmesh.citadel.rotate.RootStatements;
import io.hostmesh.citadel.rotate.Rotation;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.hocon.Section;
import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.tls.KeyIds;
import io.hostmesh.runtime.tls.Pem;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What operators ask about the authorities and revocations. Blocking. */
final class CaAdmin {
  /** Of a ledger's entries: the number of the roots that there were then. */
  static final String SEQUENCE = "sequence";

  private static final int SHORT = 16;
  private static final int LONGEST_REASON = 200;

  private final CaSettings.Source source;
  private final Authority authority;
  private final Rotation rotation;
  private final RootStatements statements;
  private final Citadels citadels;
  private final Holders holders;
  private final IssuedBook issued;
  private final Revocations revocations;
  private final Ledger ledger;

  CaAdmin(
      CaSettings.Source source,
      Authority authority,
      Rotation rotation,
      RootStatements statements,
      Citadels citadels,
      Holders holders,
      IssuedBook issued,
      Revocations revocations,
      Ledger ledger) {
    this.source = source;
    this.authority = authority;
    this.rotation = rotation;
    this.statements = statements;
    this.citadels = citadels;
    this.holders = holders;
    this.issued = issued;
    this.revocations = revocations;
    this.ledger = ledger;
  }

  JsonObject status() {
    RootState state = authority.state();
    JsonArray roots = new JsonArray();
    for (X509Certificate root : state.roots()) {
      String fingerprint = KeyIds.fingerprint(root);
      roots.add(
          about(root)
              .put("fingerprint", fingerprint)
              .put("role", role(state, fingerprint))
              .put("heldBy", holders.of(fingerprint).size())
              .put(
                  "inUse",
                  issued.inUse().stream().filter(each -> each.isUnder(fingerprint)).count()));
    }
    JsonArray intermediates = new JsonArray();
    authority.signing().ifPresent(now -> intermediates.add(about(now).put("role", "signs")));
    authority
        .nextIntermediate()
        .ifPresent(next -> intermediates.add(about(next).put("role", "prepared")));
    authority
        .retiringIntermediate()
        .ifPresent(old -> intermediates.add(about(old).put("role", "on its way out")));
    JsonObject status =
        new JsonObject()
            .put("citadel", citadels.self())
            .put("source", source.text())
            .put("phase", state.phase())
            .put("sequence", state.sequence())
            .put("roots", roots)
            .put("intermediates", intermediates)
            .put("citadels", others())
            .put(
                "activate", strands(rotation.strands(Rotation.Target.ROOT, Rotation.Step.ACTIVATE)))
            .put("retire", strands(rotation.strands(Rotation.Target.ROOT, Rotation.Step.RETIRE)));
    authority.problem().ifPresent(problem -> status.put("problem", problem));
    statements.alarm().ifPresent(alarm -> status.put("refusedRoots", alarm));
    return status;
  }

  private static String role(RootState state, String fingerprint) {
    return fingerprint.equals(state.signing())
        ? "signs"
        : state.next().isPresent() ? "prepared" : "on its way out";
  }

  private static JsonObject about(X509Certificate certificate) {
    return new JsonObject()
        .put("subject", certificate.getSubjectX500Principal().getName())
        .put("serial", certificate.getSerialNumber().toString(16))
        .put("until", certificate.getNotAfter().toInstant().toString());
  }

  private JsonArray others() {
    JsonArray others = new JsonArray();
    citadels
        .others()
        .forEach(
            (name, report) ->
                others.add(
                    new JsonObject()
                        .put("citadel", name)
                        .put("intermediate", report.getIntermediate())
                        .put("root", shortened(report))
                        .put("reported", time(report.getSignedAtEpochSecond()))));
    return others;
  }

  private static String shortened(CitadelReport report) {
    String root = report.getIssuingRoot();
    return root.substring(0, Math.min(SHORT, root.length()));
  }

  private static JsonObject strands(Rotation.Strands strands) {
    return new JsonObject()
        .put("strands", new JsonArray(strands.blocking()))
        .put("needs", new JsonArray(strands.others()));
  }

  JsonObject rotate(Section wish, String operator) {
    Rotation.Target target = wish.choice("target", Rotation.Target.class, Rotation.Target.ROOT);
    Rotation.Step step = wish.choice("step", Rotation.Step.class, Rotation.Step.PREPARE);
    boolean force = wish.bool("force", false);
    wish.end();
    Rotation.Strands strands = rotation.take(target, step, force, operator);
    ledger.append(
        "rotate",
        new JsonObject()
            .put("target", target.name().toLowerCase(Locale.ROOT))
            .put("step", step.name().toLowerCase(Locale.ROOT))
            .put("force", force)
            .put("strands", strands.blocking().size())
            .put(SEQUENCE, authority.state().sequence())
            .put("asker", operator));
    return status().put("stranded", new JsonArray(strands.blocking()));
  }

  /** Signs the intermediate of another citadel. */
  JsonObject sign(Section wish, String operator) {
    String csr = wish.value("csr", text -> text);
    wish.end();
    byte[] der =
        Pem.block(csr, "CERTIFICATE REQUEST")
            .orElseThrow(() -> new UserError("the request is no PEM CERTIFICATE REQUEST"));
    List<X509Certificate> chain = authority.signIntermediate(der);
    ledger.append(
        "sign-intermediate",
        new JsonObject()
            .put("subject", chain.getFirst().getSubjectX500Principal().getName())
            .put("authority", chain.getFirst().getSerialNumber().toString(16))
            .put("until", chain.getFirst().getNotAfter().toInstant().toString())
            .put("asker", operator));
    try {
      return new JsonObject().put("chain", Pem.encode(chain));
    } catch (CertificateException e) {
      throw new IllegalStateException("a certificate just made cannot be encoded", e);
    }
  }

  /** A request for this citadel's intermediate, for whoever signs it elsewhere. */
  JsonObject request(String operator) {
    byte[] csr = authority.request();
    ledger.append("request-intermediate", new JsonObject().put("asker", operator));
    return new JsonObject().put("csr", Pem.block("CERTIFICATE REQUEST", csr));
  }

  /** What was signed elsewhere for {@link #request}. */
  JsonObject install(Section wish, String operator) {
    String text = wish.value("chain", pem -> pem);
    wish.end();
    List<X509Certificate> chain;
    try {
      chain = Pem.certificates(text);
    } catch (CertificateException | IllegalArgumentException e) {
      throw new UserError("the chain cannot be read: " + e.getMessage(), e);
    }
    boolean signs = authority.install(chain);
    ledger.append(
        "install-intermediate", about(chain.getFirst()).put("signs", signs).put("asker", operator));
    return status().put("signs", signs);
  }

  JsonObject revoke(Section wish, String operator) {
    Optional<String> node = wish.optionalString("node");
    Optional<ServiceName> service = wish.optionalValue("service", ServiceName::parse);
    Optional<String> serial = wish.optionalValue("serial", CaAdmin::serial);
    Optional<java.time.Duration> lasting = wish.optionalDuration("for");
    String reason = wish.optionalString("reason").orElse("");
    wish.end();
    if (serial.isPresent() == (node.isPresent() || service.isPresent())) {
      throw new UserError("revoke a node, a service, a service on a node, or one serial number");
    }
    if (reason.length() > LONGEST_REASON || reason.chars().anyMatch(c -> c < ' ')) {
      throw wish.refuse("reason", "is not one line of at most " + LONGEST_REASON + " characters");
    }
    JsonObject made =
        json(
            revocations.add(
                new Revocations.Wish(node, service, serial, lasting, reason, operator)));
    ledger.append("revoke", made.copy().put("asker", operator));
    return made;
  }

  /** As certificates are shown by tools: with colons, capitals or leading zeros. */
  private static String serial(String text) {
    String digits = text.replace(":", "").toLowerCase(Locale.ROOT);
    if (!digits.matches("[0-9a-f]{1,40}")) {
      throw new IllegalArgumentException("not a serial number in hexadecimal");
    }
    return new java.math.BigInteger(digits, SHORT).toString(SHORT);
  }

  JsonObject undo(Section wish, String operator) {
    String name = wish.value("name", text -> text);
    wish.end();
    JsonObject gone = json(revocations.undo(name));
    ledger.append("revoke-undo", gone.copy().put("asker", operator));
    return gone;
  }

  JsonObject revocations() {
    JsonArray list = new JsonArray();
    revocations.all().forEach(each -> list.add(json(each)));
    return new JsonObject().put("revocations", list);
  }

  private static JsonObject json(Revocation entry) {
    return new JsonObject()
        .put("name", entry.getName())
        .put("node", entry.getNode())
        .put("service", entry.getService())
        .put("revokedSerial", entry.getSerial())
        .put("certificates", entry.getSerialsCount())
        .put("reason", entry.getReason())
        .put("operator", entry.getOperator())
        .put("revoked", time(entry.getRevokedAtEpochSecond()))
        .put("deniedUntil", time(entry.getDeniedUntilEpochSecond()))
        .put(
            "refusedUntil",
            entry.getRefusedUntilEpochSecond() == 0
                ? "undone"
                : time(entry.getRefusedUntilEpochSecond()));
  }

  private static String time(long epochSecond) {
    return Instant.ofEpochSecond(epochSecond).toString();
  }
}
