package io.hostmesh.agent.enduser;

import io.hostmesh.agent.authz.EndUser;
import io.hostmesh.model.rules.AuthenticationRule;
import io.hostmesh.model.rules.JwtIssuer;
import io.hostmesh.runtime.state.StateFiles;
import io.netty.handler.codec.http.HttpHeaders;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Finds the token of a request and says on whose behalf it is made. A token that was verified costs
 * one look into a map until it ends, or the issuer's keys change. Any thread; what is called on an
 * event loop does not block, and verifies a signature there where it has to.
 */
public final class EndUsers implements AutoCloseable {
  /** How long a request waits for keys that are being read. */
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  private final Clock clock;
  private final Optional<StateFiles> memory;
  private final Duration betweenReadings;
  private final ConcurrentHashMap<JwtIssuer.Jwks, KeySource> sources = new ConcurrentHashMap<>();
  private final VerifiedTokens verified = new VerifiedTokens();

  /**
   * @param memory where keys outlive a restart
   */
  public EndUsers(Clock clock, Optional<StateFiles> memory) {
    this(clock, memory, KeySource.BETWEEN_REQUESTS);
  }

  EndUsers(Clock clock, Optional<StateFiles> memory, Duration betweenReadings) {
    this.clock = clock;
    this.memory = memory;
    this.betweenReadings = betweenReadings;
  }

  /** What a request's token says. */
  public sealed interface Finding {
    /** It has none, and needs none. */
    record Nobody() implements Finding {}

    record Known(EndUser user, JwtIssuer by) implements Finding {}

    /**
     * @param challenge the answer's {@code www-authenticate} (RFC 6750 section 3)
     * @param sentence for the log and the caller
     */
    record Refused(String challenge, String sentence) implements Finding {}

    /** To be asked again when this is done, which is soon. */
    record Later(CompletableFuture<?> keys) implements Finding {}
  }

  private static final Finding NOBODY = new Finding.Nobody();

  /** Keeps the keys of these issuers at hand, and no others. */
  public void prepare(Collection<JwtIssuer.Jwks> wanted) {
    Set<JwtIssuer.Jwks> all = new HashSet<>(wanted);
    all.forEach(this::source);
    sources
        .entrySet()
        .removeIf(
            entry -> {
              boolean gone = !all.contains(entry.getKey());
              if (gone) {
                entry.getValue().close();
              }
              return gone;
            });
  }

  private KeySource source(JwtIssuer.Jwks jwks) {
    KeySource known = sources.get(jwks);
    return known != null ? known : sources.computeIfAbsent(jwks, this::begin);
  }

  private KeySource begin(JwtIssuer.Jwks jwks) {
    KeySource source = new KeySource(jwks, JwksReaders.of(jwks), memory, betweenReadings);
    source.start();
    return source;
  }

  /** What is wrong now, one line each. */
  public List<String> problems() {
    return sources.values().stream().flatMap(source -> source.problem().stream()).toList();
  }

  /**
   * Looks for the request's token and verifies it.
   *
   * @param waited whether keys were waited for, so that there is no more waiting
   */
  public Finding find(AuthenticationRule rule, HttpHeaders headers, boolean waited) {
    String text = null;
    JwtIssuer.Place at = null;
    for (JwtIssuer.Place place : rule.places()) {
      List<String> found = TokenPlaces.find(headers, place);
      if (found.size() > 1 || (text != null && !found.isEmpty())) {
        return new Finding.Refused(
            challenge("invalid_request", "several tokens"),
            "the request has several tokens, and it is not for us to choose");
      }
      if (!found.isEmpty()) {
        text = found.getFirst();
        at = place;
      }
    }
    if (text == null || at == null) {
      return rule.required()
          ? new Finding.Refused("Bearer", "the request has no token, and one is required")
          : NOBODY;
    }
    return verify(rule, text, at, waited);
  }

  private Finding verify(AuthenticationRule rule, String text, JwtIssuer.Place at, boolean waited) {
    Instant now = clock.instant();
    VerifiedTokens.Entry before = verified.get(text);
    if (before != null
        && before.place().equals(at)
        && now.isBefore(before.end())
        && rule.issuers().contains(before.by())
        && before.ring() == source(before.by().jwks()).ring()) {
      return before.known();
    }
    try {
      return verify(rule, Token.read(text), text, at, now, waited);
    } catch (Token.Refused e) {
      return refused(String.valueOf(e.getMessage()));
    }
  }

  private Finding verify(
      AuthenticationRule rule,
      Token token,
      String text,
      JwtIssuer.Place at,
      Instant now,
      boolean waited)
      throws Token.Refused {
    Token.Refused last =
        new Token.Refused("is of an issuer that no rule trusts: " + Token.shown(token.issuer()));
    for (JwtIssuer by : rule.issuers()) {
      if (!by.issuer().equals(token.issuer()) || !by.place().equals(at)) {
        continue;
      }
      KeySource source = source(by.jwks());
      KeyRing ring = source.ring();
      if (ring == null || !token.knownTo(ring)) {
        Optional<CompletableFuture<Void>> soon = waited ? Optional.empty() : source.again();
        if (soon.isPresent()) {
          return new Finding.Later(
              soon.get()
                  .copy()
                  .completeOnTimeout(null, PATIENCE.toMillis(), TimeUnit.MILLISECONDS));
        }
        last = new Token.Refused(unknownKey(by, ring, token));
        continue;
      }
      try {
        EndUser user = token.verify(by, ring, now);
        Finding.Known known = new Finding.Known(user, by);
        verified.put(text, new VerifiedTokens.Entry(known, by, at, ring, token.end(by)));
        return known;
      } catch (Token.Refused e) {
        last = e;
      }
    }
    throw last;
  }

  private static String unknownKey(JwtIssuer by, @Nullable KeyRing ring, Token token) {
    return ring == null
        ? "cannot be verified: the keys of " + by.name() + " could not be read yet"
        : "is signed with a key that "
            + by.name()
            + " does not have: kid "
            + (token.keyId().isEmpty() ? "not given" : Token.shown(token.keyId()));
  }

  private static Finding refused(String why) {
    return new Finding.Refused(
        challenge("invalid_token", "the token " + why), "the request's token " + why);
  }

  private static String challenge(String error, String description) {
    String quoted = description.replaceAll("[^ !#-\\[\\]-~]", "'");
    return "Bearer error=\"" + error + "\", error_description=\"" + quoted + "\"";
  }

  /** Takes the token out, and tells the application what it is to know. */
  public static void forward(
      AuthenticationRule rule, Finding.@Nullable Known known, HttpHeaders headers) {
    for (JwtIssuer issuer : rule.issuers()) {
      issuer.claimsToHeaders().keySet().forEach(name -> TokenPlaces.remove(headers, name));
    }
    if (known == null) {
      return;
    }
    if (!known.by().forward()) {
      TokenPlaces.take(headers, known.by().place());
    }
    known
        .by()
        .claimsToHeaders()
        .forEach(
            (header, claim) -> {
              List<String> values = known.user().claims().getOrDefault(claim, List.of());
              if (!values.isEmpty()) {
                headers.set(header, TokenPlaces.printable(String.join(",", values)));
              }
            });
  }

  @Override
  public void close() {
    sources.values().forEach(KeySource::close);
    sources.clear();
  }
}
