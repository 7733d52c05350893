package io.hostmesh.model.rules;

import io.hostmesh.model.ServiceName;
import io.hostmesh.model.hocon.HoconException;
import io.hostmesh.model.hocon.Section;
import io.hostmesh.model.rules.ExternalAuthorizationRule.Authoriser;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** Reads rules on end users' tokens and on external authorisers. */
final class EndUserParser {
  private static final Set<String> NOT_FOR_CLAIMS =
      Set.of("host", "content-length", "transfer-encoding", "connection", "te", "authorization");

  private EndUserParser() {}

  static AuthenticationRule authentication(Section document, Scope scope) {
    List<JwtIssuer> issuers = new ArrayList<>();
    for (Section issuer : document.sections("jwt")) {
      issuers.add(issuer(issuer));
    }
    if (issuers.isEmpty()) {
      throw document.refuse(
          "jwt", "needs at least one issuer: jwt = [ { issuer = ..., jwks { ... } } ]");
    }
    return new AuthenticationRule(
        scope, issuers, document.bool("required", false), document.origin());
  }

  private static JwtIssuer issuer(Section section) {
    String issuer = section.string("issuer");
    Section jwks = section.section("jwks");
    JwtIssuer.Jwks keys = jwks(section, jwks);
    jwks.end();
    JwtIssuer read =
        new JwtIssuer(
            section.string("name", issuer),
            issuer,
            new LinkedHashSet<>(section.strings("audiences")),
            keys,
            place(section),
            section.bool("forward", true),
            claimsToHeaders(section),
            section.duration("leeway", JwtIssuer.LEEWAY));
    section.end();
    return read;
  }

  private static JwtIssuer.Jwks jwks(Section issuer, Section jwks) {
    if (jwks.has("file") == jwks.has("url")) {
      throw issuer.refuse("jwks", "is jwks { file = ... } or jwks { url = ... }, one of them");
    }
    if (jwks.has("file")) {
      String file = jwks.string("file");
      if (!file.startsWith("/")) {
        throw jwks.refuse("file", "\"" + file + "\" is no absolute path");
      }
      return new JwtIssuer.Jwks.File(file);
    }
    boolean plaintext = jwks.bool("plaintext", false);
    String url = jwks.value("url", text -> url(text, plaintext));
    Duration refresh = jwks.duration("refresh", JwtIssuer.Jwks.Url.REFRESH);
    if (refresh.compareTo(Duration.ofSeconds(1)) < 0) {
      throw jwks.refuse("refresh", "is at least 1s");
    }
    return new JwtIssuer.Jwks.Url(url, refresh, jwks.optionalString("ca-file"));
  }

  private static String url(String text, boolean plaintext) {
    URI uri = URI.create(text);
    String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
    if (uri.getHost() == null || !(scheme.equals("https") || scheme.equals("http"))) {
      throw new IllegalArgumentException("\"" + text + "\" is no https URL");
    }
    if (uri.getUserInfo() != null) {
      throw new IllegalArgumentException("a JWK Set is public: leave user and password out");
    }
    if (scheme.equals("http") && !plaintext) {
      throw new IllegalArgumentException(
          "\""
              + text
              + "\" is not https, so whoever is on the way could put in keys of its own;"
              + " plaintext = true takes it nevertheless");
    }
    return text;
  }

  private static JwtIssuer.Place place(Section section) {
    if (section.has("from-cookie")) {
      if (section.has("from-header")) {
        throw section.refuse(
            "from-cookie", "a token stands in a header or in a cookie, not in both");
      }
      return new JwtIssuer.Place(true, section.value("from-cookie", EndUserParser::token));
    }
    return new JwtIssuer.Place(
        false,
        section.value(
            "from-header", text -> token(text).toLowerCase(Locale.ROOT), "authorization"));
  }

  private static String token(String text) {
    if (!Values.isHeaderName(text)) {
      throw new IllegalArgumentException("\"" + text + "\" is no name of a header or cookie");
    }
    return text;
  }

  private static SortedMap<String, String> claimsToHeaders(Section section) {
    SortedMap<String, String> headers = new TreeMap<>();
    section
        .stringMap("claims-to-headers")
        .forEach(
            (name, claim) -> {
              String lower = name.toLowerCase(Locale.ROOT);
              if (!Values.isHeaderName(name) || NOT_FOR_CLAIMS.contains(lower)) {
                throw section.refuse(
                    "claims-to-headers", "\"" + name + "\" cannot be a header of a claim");
              }
              headers.put(lower, claim);
            });
    return headers;
  }

  static ExternalAuthorizationRule external(Section document, Scope scope) {
    if (document.has("address") == document.has("authoriser")) {
      throw document.refuse(
          "address",
          "says where the authoriser is: address = \"IP:port\", or authoriser = SERVICE of the mesh;"
              + " one of them");
    }
    Authoriser authoriser =
        document.has("address")
            ? document.value("address", Authoriser.Address::parse)
            : new Authoriser.Service(document.value("authoriser", ServiceName::parse));
    Set<String> methods = new LinkedHashSet<>();
    document.strings("methods").forEach(m -> methods.add(token(m).toUpperCase(Locale.ROOT)));
    Set<String> headers = new LinkedHashSet<>();
    document.strings("headers").forEach(h -> headers.add(token(h).toLowerCase(Locale.ROOT)));
    List<PathPattern> paths = new ArrayList<>();
    for (String path : document.strings("paths")) {
      try {
        paths.add(new PathPattern(path));
      } catch (IllegalArgumentException e) {
        throw new HoconException(document.origin("paths"), String.valueOf(e.getMessage()), e);
      }
    }
    Duration timeout = document.duration("timeout", ExternalAuthorizationRule.TIMEOUT);
    if (timeout.toMillis() < 1 || timeout.compareTo(Duration.ofSeconds(60)) > 0) {
      throw document.refuse("timeout", "is within 1ms and 60s");
    }
    return new ExternalAuthorizationRule(
        scope,
        authoriser,
        methods,
        paths,
        timeout,
        document.value("on-failure", EndUserParser::onFailure, false),
        headers,
        document.origin());
  }

  private static boolean onFailure(String text) {
    return switch (text) {
      case "allow" -> true;
      case "deny" -> false;
      default -> throw new IllegalArgumentException("\"" + text + "\" is neither deny nor allow");
    };
  }
}
