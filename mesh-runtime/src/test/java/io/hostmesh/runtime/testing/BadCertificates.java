package io.hostmesh.runtime.testing;

import static org.bouncycastle.asn1.x509.KeyPurposeId.anyExtendedKeyUsage;
import static org.bouncycastle.asn1.x509.KeyPurposeId.id_kp_clientAuth;
import static org.bouncycastle.asn1.x509.KeyPurposeId.id_kp_codeSigning;
import static org.bouncycastle.asn1.x509.KeyPurposeId.id_kp_serverAuth;

import io.hostmesh.model.SpiffeId;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.GeneralSubtree;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.NameConstraints;
import org.bouncycastle.jce.provider.BouncyCastleProvider;

/**
 * Chains of which each breaks one rule of RFC 5280 or of SPIFFE X.509-SVID, below an authority that
 * is trusted: what public path-validation suites (PKITS, x509-limbo) try, with a SPIFFE ID in it.
 */
public final class BadCertificates {
  private static final ASN1ObjectIdentifier UNKNOWN =
      new ASN1ObjectIdentifier("1.3.6.1.4.1.55555.1");
  private static final byte[] NONSENSE = {0x04, 0x02, 0x13, 0x37};
  private static final Duration HOUR = Duration.ofHours(1);

  /**
   * One chain.
   *
   * @param name what is wrong with it
   * @param why a part of what the refusal says; empty where the JDK's reader already refuses
   * @param chain DER, the leaf first
   * @param keys the leaf's
   * @param signs whether a TLS library can show it: its key can sign a handshake
   */
  public record Bad(String name, String why, List<byte[]> chain, KeyPair keys, boolean signs) {
    @Override
    public String toString() {
      return name;
    }
  }

  private final Forged.Issuer root;
  private final String id;
  private final String domain;
  private final KeyPair keys = Forged.keys();
  private final List<Bad> all = new ArrayList<>();

  private BadCertificates(Forged.Issuer root, SpiffeId id) {
    this.root = root;
    this.id = id.uri();
    this.domain = id.trustDomain();
  }

  /** The chain without a flaw, from which the others differ. */
  public static Bad good(Forged.Issuer root, SpiffeId id) {
    BadCertificates made = new BadCertificates(root, id);
    made.below("good", "", authority -> authority, leaf -> leaf);
    return made.all.getFirst();
  }

  /**
   * All of them.
   *
   * @param root who is trusted
   * @param id whose identity they would prove
   */
  public static List<Bad> below(Forged.Issuer root, SpiffeId id) {
    BadCertificates made = new BadCertificates(root, id);
    made.times();
    made.issuers();
    made.uses();
    made.names();
    made.forms();
    made.authorities();
    made.constraints();
    made.weak();
    made.large();
    return List.copyOf(made.all);
  }

  private void add(String name, String why, KeyPair own, Forged... chain) {
    List<byte[]> ders = new ArrayList<>();
    for (Forged each : chain) {
      ders.add(each.der());
    }
    all.add(new Bad(name, why, ders, own, true));
  }

  private Forged leaf(Forged.Issuer by) {
    return Forged.leaf(by, keys, id);
  }

  /** A leaf right below the root. */
  private void leaf(String name, String why, UnaryOperator<Forged> flaw) {
    add(name, why, keys, flaw.apply(leaf(root)));
  }

  /** A leaf below an intermediate. */
  private void below(
      String name, String why, UnaryOperator<Forged> authority, UnaryOperator<Forged> leaf) {
    Forged middle = authority.apply(Forged.authority(root, Forged.keys(), "middle"));
    add(name, why, keys, leaf.apply(leaf(middle.asIssuer())), middle);
  }

  private void authority(String name, String why, UnaryOperator<Forged> flaw) {
    below(name, why, flaw, leaf -> leaf);
  }

  private void times() {
    leaf("expired", "expired at", l -> l.between(HOUR.multipliedBy(-2), HOUR.negated()));
    leaf("not yet valid", "holds from", l -> l.between(HOUR, HOUR.multipliedBy(2)));
    leaf("holding for no time", "holds from", l -> l.between(HOUR, HOUR.negated()));
    authority(
        "an expired intermediate",
        "an authority above it expired",
        a -> a.between(HOUR.multipliedBy(-2), HOUR.negated()));
    authority(
        "an intermediate of the future",
        "an authority above it holds from",
        a -> a.between(HOUR, HOUR.multipliedBy(2)));
  }

  private void issuers() {
    add("self-signed", "none of the roots", keys, selfSigned("CN=leaf"));
    add(
        "self-signed in the root's name",
        "authority key",
        keys,
        selfSigned(root.name().toString()));
    Forged.Issuer impostor = new Forged.Issuer(root.name(), Forged.keys());
    add("of an authority that bears the root's name", "authority key", keys, leaf(impostor));
    Forged foreign = Forged.root(Forged.keys(), "another root");
    add("of a foreign root", "none of the roots", keys, leaf(foreign.asIssuer()));
    add("with its foreign root", "none of the roots", keys, leaf(foreign.asIssuer()), foreign);
    leaf("with a damaged signature", "not valid here", Forged::damaged);
    authority("below an intermediate of a damaged signature", "not valid here", Forged::damaged);
    leaf("of another issuer's name", "none of the roots", l -> l.issuerName("CN=nobody"));
    leaf("without an issuer's name", "", l -> l.issuerName(""));
    Forged between = leaf(root).subject("CN=leaf");
    add("signed by a leaf", "which is no authority", keys, leaf(between.asIssuer()), between);
    Forged middle = Forged.authority(root, Forged.keys(), "middle");
    add("without its intermediate", "none of the roots", keys, leaf(middle.asIssuer()));
    add(
        "with another certificate between",
        "not that of the issuer's key",
        keys,
        leaf(middle.asIssuer()),
        Forged.authority(root, Forged.keys(), "other"),
        middle);
    leaf("without an authority key id", "no authority key", l -> l.without(aki()));
    leaf("with a critical authority key id", "critical", l -> l.with(aki(), true, akiOf(root)));
    leaf(
        "naming another's key", "not that of the issuer's key", l -> l.with(aki(), false, other()));
  }

  private Forged selfSigned(String name) {
    return leaf(new Forged.Issuer(new org.bouncycastle.asn1.x500.X500Name(name), keys))
        .subject(name);
  }

  private static ASN1ObjectIdentifier aki() {
    return Extension.authorityKeyIdentifier;
  }

  private static org.bouncycastle.asn1.x509.AuthorityKeyIdentifier akiOf(Forged.Issuer issuer) {
    try {
      return new org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils()
          .createAuthorityKeyIdentifier(issuer.keys().getPublic());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static org.bouncycastle.asn1.x509.AuthorityKeyIdentifier other() {
    return new org.bouncycastle.asn1.x509.AuthorityKeyIdentifier(new byte[20]);
  }

  private void uses() {
    String purposes = "extended key usage";
    leaf("for servers only", purposes, l -> l.purposes(id_kp_serverAuth));
    leaf("for clients only", purposes, l -> l.purposes(id_kp_clientAuth));
    leaf("for any purpose only", purposes, l -> l.purposes(anyExtendedKeyUsage));
    leaf("for signing code", purposes, l -> l.purposes(id_kp_codeSigning));
    leaf("for no purpose", "2.5.29.37", l -> l.with(Extension.extendedKeyUsage, false, empty()));
    leaf(
        "for a purpose that cannot be read",
        "2.5.29.37 cannot be read",
        l -> l.with(Extension.extendedKeyUsage, false, NONSENSE));
    String usage = "key usage";
    leaf("without key usage", usage, l -> l.without(Extension.keyUsage));
    usage(usage, "that enciphers only", true, KeyUsage.keyEncipherment);
    usage(usage, "that signs certificates", true, KeyUsage.digitalSignature | KeyUsage.keyCertSign);
    usage(usage, "that signs lists", true, KeyUsage.digitalSignature | KeyUsage.cRLSign);
    usage("not critical", "that need not be kept", false, KeyUsage.digitalSignature);
    leaf(
        "that is an authority",
        "CA certificate",
        l -> l.with(Extension.basicConstraints, true, new BasicConstraints(true)));
    leaf(
        "with unreadable constraints",
        "2.5.29.19 cannot be read",
        l -> l.with(Extension.basicConstraints, false, NONSENSE));
  }

  private static org.bouncycastle.asn1.DERSequence empty() {
    return new org.bouncycastle.asn1.DERSequence();
  }

  private void usage(String why, String name, boolean critical, int bits) {
    leaf(name, why, l -> l.with(Extension.keyUsage, critical, new KeyUsage(bits)));
  }

  private void uri(String name, String why, String... uris) {
    leaf(name, why, l -> l.with(Extension.subjectAlternativeName, true, Forged.uris(uris)));
  }

  private void names() {
    String path = id.substring(("spiffe://" + domain).length());
    leaf(
        "with a common name only",
        "one URI name, this one has 0",
        l -> l.without(Extension.subjectAlternativeName).subject("CN=" + id.replace("/", "\\/")));
    leaf(
        "with a DNS name only",
        "one URI name, this one has 0",
        l ->
            l.with(
                Extension.subjectAlternativeName,
                true,
                new GeneralNames(new GeneralName(GeneralName.dNSName, domain))));
    uri("of two ids", "this one has 2", id, "spiffe://" + domain + "/node/h9");
    uri("of one id twice", "this one has 2", id, id);
    uri("of an id and an address", "this one has 2", id, "https://" + domain + path);
    uri("of an address on the web", "", "https://" + domain + path);
    uri("with a query", "", id + "?x=1");
    uri("with an empty query", "", id + "?");
    uri("with a fragment", "", id + "#x");
    uri("with a port", "", "spiffe://" + domain + ":443" + path);
    uri("with an empty port", "", "spiffe://" + domain + ":" + path);
    uri("with a user", "", "spiffe://root@" + domain + path);
    uri("with an empty user", "", "spiffe://@" + domain + path);
    uri("of a trust domain in upper case", "", "spiffe://" + upper(domain) + path);
    uri("of a scheme in upper case", "", "SPIFFE://" + domain + path);
    uri("with an escaped letter", "", id.substring(0, id.length() - 1) + "%62");
    uri("with a slash at the end", "", id + "/");
    uri("with an empty segment", "", "spiffe://" + domain + "/" + path);
    uri("with dots", "", "spiffe://" + domain + "/x/.." + path);
    uri("without a path", "", "spiffe://" + domain);
    uri("of no trust domain", "", "spiffe://" + path);
    uri("of another trust domain", "", "spiffe://elsewhere.example" + path);
    uri("with a longer trust domain", "", "spiffe://" + domain + ".example" + path);
    uri("that is too long", "", id + "/" + "x".repeat(3000));
    leaf(
        "with names that cannot be read",
        "",
        l -> l.subject("CN=x").with(Extension.subjectAlternativeName, false, NONSENSE));
    leaf(
        "of no subject, with names that need not be read",
        "",
        l -> l.with(Extension.subjectAlternativeName, false, Forged.uris(id)));
    leaf(
        "with the id as another name",
        "one URI name, this one has 0",
        l ->
            l.with(Extension.issuerAlternativeName, false, Forged.uris(id))
                .with(
                    Extension.subjectAlternativeName,
                    true,
                    new GeneralNames(new GeneralName(GeneralName.rfc822Name, "web@" + domain))));
  }

  private static String upper(String text) {
    return text.toUpperCase(java.util.Locale.ROOT);
  }

  private void forms() {
    leaf("of version 1", "", l -> l.version(1));
    leaf("of version 2", "", l -> l.version(2));
    String serial = "serial number";
    leaf("with the serial number 0", serial, l -> l.serial(BigInteger.ZERO));
    leaf("with a negative serial number", serial, l -> l.serial(BigInteger.TEN.negate()));
    leaf("with a serial number of 21 bytes", serial, l -> l.serial(BigInteger.ONE.shiftLeft(160)));
    leaf("with an extension twice", "", l -> l.twice(Extension.keyUsage));
    leaf("with its names twice", "", l -> l.twice(Extension.subjectAlternativeName));
    leaf("with an unknown critical extension", "", l -> l.with(UNKNOWN, true, DERNull.INSTANCE));
    leaf(
        "with a critical subject key id",
        "critical extension 2.5.29.14",
        l -> l.with(Extension.subjectKeyIdentifier, true, new DEROctets()));
    leaf(
        "saying another signature inside",
        "",
        l -> l.signed("SHA256withECDSA").claiming("SHA384withECDSA"));
    leaf(
        "with name constraints",
        "only an authority may have",
        l -> l.with(Extension.nameConstraints, true, permitted(domain)));
  }

  /** Twenty bytes. */
  private static final class DEROctets extends org.bouncycastle.asn1.ASN1Object {
    @Override
    public org.bouncycastle.asn1.ASN1Primitive toASN1Primitive() {
      return new org.bouncycastle.asn1.DEROctetString(new byte[20]);
    }
  }

  private void authorities() {
    authority("below no authority", "is no CA", a -> basic(a, new BasicConstraints(false)));
    authority(
        "below one that says nothing", "is no CA", a -> a.without(Extension.basicConstraints));
    authority(
        "below one whose constraints need not be kept",
        "not critical",
        a -> a.with(Extension.basicConstraints, false, new BasicConstraints(true)));
    authority("below one without key usage", "keyCertSign", a -> a.without(Extension.keyUsage));
    authority(
        "below one that may not sign certificates",
        "keyCertSign",
        a -> a.with(Extension.keyUsage, true, new KeyUsage(KeyUsage.cRLSign)));
    authority("below one for code", "extendedKeyUsage", a -> a.purposes(id_kp_codeSigning));
    authority("below one for servers", "extendedKeyUsage", a -> a.purposes(id_kp_serverAuth));
    authority("below one of version 1", "version 3", a -> a.version(1));
    authority(
        "below one without a key id",
        "no subject key identifier",
        a -> a.without(Extension.subjectKeyIdentifier));
    authority("below one that names no issuer's key", "no authority key", a -> a.without(aki()));
    authority("below one of the serial number 0", "serial", a -> a.serial(BigInteger.ZERO));
    authority(
        "below one with an unknown critical extension",
        "",
        a -> a.with(UNKNOWN, true, DERNull.INSTANCE));
    authority(
        "below one without a subject",
        "",
        a -> a.subject("").with(Extension.subjectAlternativeName, true, Forged.uris("urn:x")));
    named("with a path", "which is no authority", "spiffe://" + domain + "/ca");
    named("with a slash", "which is no authority", "spiffe://" + domain + "/");
    named("of another trust domain", "another trust domain", "spiffe://elsewhere.example");
    named("of another in capitals", "another trust domain", "SPIFFE://elsewhere.example");
    named("of two trust domains", "2 ids", "spiffe://" + domain, "spiffe://elsewhere.example");
  }

  private void named(String name, String why, String... uris) {
    authority(
        "below an authority " + name,
        why,
        a -> a.with(Extension.subjectAlternativeName, false, Forged.uris(uris)));
  }

  private static Forged basic(Forged authority, BasicConstraints constraints) {
    return authority.with(Extension.basicConstraints, true, constraints);
  }

  private static NameConstraints permitted(String host) {
    return new NameConstraints(new GeneralSubtree[] {subtree(host)}, null);
  }

  private static NameConstraints excluded(String host) {
    return new NameConstraints(null, new GeneralSubtree[] {subtree(host)});
  }

  private static GeneralSubtree subtree(String host) {
    return new GeneralSubtree(new GeneralName(GeneralName.uniformResourceIdentifier, host));
  }

  private void constraints() {
    constrained("that signs for others only", true, permitted("elsewhere.example"));
    constrained("that signs for hosts below only", true, permitted("." + domain));
    constrained("that signs for all but this", true, excluded(domain));
    constrained("whose constraint need not be kept", false, permitted("elsewhere.example"));
    authority(
        "below one whose constraints cannot be read",
        "2.5.29.30 cannot be read",
        a -> a.with(Extension.nameConstraints, false, NONSENSE));
    Forged first = basic(Forged.authority(root, Forged.keys(), "first"), new BasicConstraints(0));
    Forged second = Forged.authority(first.asIssuer(), Forged.keys(), "second");
    add(
        "below an authority too many",
        "not valid here",
        keys,
        leaf(second.asIssuer()),
        second,
        first);
    Forged outer =
        Forged.authority(root, Forged.keys(), "outer")
            .with(Extension.nameConstraints, true, permitted("elsewhere.example"));
    Forged inner =
        Forged.authority(outer.asIssuer(), Forged.keys(), "inner")
            .with(Extension.nameConstraints, true, permitted(domain));
    add(
        "below one that allows what the one above it did not",
        "not valid here",
        keys,
        leaf(inner.asIssuer()),
        inner,
        outer);
  }

  private void constrained(String name, boolean critical, NameConstraints constraints) {
    authority(
        "below one " + name,
        "not valid here",
        a -> a.with(Extension.nameConstraints, critical, constraints));
  }

  private void weak() {
    leaf("signed with SHA-1", "SHA1withECDSA", l -> l.signed("SHA1withECDSA"));
    authority("below one signed with SHA-1", "SHA1withECDSA", a -> a.signed("SHA1withECDSA"));
    KeyPair rsa = Forged.keys("RSA", 1024);
    add("of an RSA key of 1024 bits", "RSA has 1024 bits", rsa, Forged.leaf(root, rsa, id));
    Forged weak = Forged.authority(root, rsa, "weak");
    add("below an RSA key of 1024 bits", "RSA has 1024", keys, leaf(weak.asIssuer()), weak);
    cannotSign("on secp256k1", curve("secp256k1"));
    cannotSign("on P-192", curve("secp192r1"));
    cannotSign("of DSA", Forged.keys("DSA", 2048));
    cannotSign("of X25519", Forged.keys("X25519", 0));
  }

  private void cannotSign(String name, KeyPair own) {
    byte[] der = Forged.leaf(root, own, id).der();
    all.add(new Bad("of a key " + name, "", List.of(der), own, false));
  }

  /** The JDK makes no keys on these. */
  private static KeyPair curve(String name) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC", new BouncyCastleProvider());
      generator.initialize(new ECGenParameterSpec(name));
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private void large() {
    List<Forged> chain = new ArrayList<>();
    Forged.Issuer by = root;
    for (int i = 0; i < 8; i++) {
      Forged next = Forged.authority(by, Forged.keys(), "number " + i);
      chain.addFirst(next);
      by = next.asIssuer();
    }
    chain.addFirst(leaf(by));
    add("of a chain of nine", "at most 8", keys, chain.toArray(new Forged[0]));
    leaf("of 40 KiB", "at most 32768", l -> l.with(UNKNOWN, false, new byte[40 << 10]));
  }
}
