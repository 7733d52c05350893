package io.hostmesh.model.rules;

import io.hostmesh.model.ServiceName;
import io.hostmesh.model.SpiffeId;
import java.util.regex.Pattern;

/** Whom a grant means, by the proven identity. */
public sealed interface CallerPattern {
  /** Every identity of the mesh's own trust domain: {@code *}. */
  record AnyOfMesh() implements CallerPattern {
    @Override
    public String toString() {
      return "*";
    }
  }

  /** A service of the mesh's own trust domain: {@code web}, {@code ns/web}. */
  record OfService(ServiceName name) implements CallerPattern {
    @Override
    public String toString() {
      return name.full();
    }
  }

  /** Every service of a namespace of the mesh's own trust domain: {@code ns/*}. */
  record OfNamespace(String namespace) implements CallerPattern {
    @Override
    public String toString() {
      return namespace + "/*";
    }
  }

  /**
   * An identity of any trust domain by its SPIFFE ID: {@code spiffe://domain/path}, or all whose
   * path begins so, where the last character is a star.
   *
   * @param path with its leading slash, without the star
   */
  record OfId(String trustDomain, String path, boolean prefix) implements CallerPattern {
    @Override
    public String toString() {
      return SCHEME + trustDomain + path + (prefix ? "*" : "");
    }
  }

  CallerPattern ANY_OF_MESH = new AnyOfMesh();

  String SCHEME = "spiffe://";

  /** A trust domain and a path: SPIFFE-ID specification sections 2.1 and 2.2. */
  Pattern ID = Pattern.compile("spiffe://([a-z0-9._-]{1,255})(/[A-Za-z0-9._/-]*)(\\*?)");

  /**
   * Whether a pattern means an identity.
   *
   * @param uri the identity's, which callers may know already
   * @param trustDomain the mesh's own
   */
  static boolean means(CallerPattern of, SpiffeId id, String uri, String trustDomain) {
    boolean ours = id.trustDomain().equals(trustDomain);
    return switch (of) {
      case AnyOfMesh _ -> ours;
      case OfService(ServiceName name) ->
          ours
              && id instanceof SpiffeId.Service service
              && name.name().equals(service.service())
              && name.namespace().equals(service.namespace());
      case OfNamespace(String namespace) ->
          ours && id instanceof SpiffeId.Service service && namespace.equals(service.namespace());
      case OfId pattern -> {
        String path = pattern.path();
        int begin = SCHEME.length() + id.trustDomain().length();
        yield id.trustDomain().equals(pattern.trustDomain())
            && uri.startsWith(path, begin)
            && (pattern.prefix() || uri.length() == begin + path.length());
      }
    };
  }

  /**
   * Reads a pattern as rules write it, and as its {@code toString} does.
   *
   * @throws IllegalArgumentException where it is none
   */
  static CallerPattern parse(String text) {
    if (text.equals("*")) {
      return ANY_OF_MESH;
    }
    if (text.startsWith(SCHEME)) {
      var id = ID.matcher(text);
      boolean prefix = text.endsWith("*");
      if (!id.matches() || (!prefix && id.group(2).endsWith("/"))) {
        throw new IllegalArgumentException(
            "\""
                + text
                + "\" is not a SPIFFE ID: write spiffe://trust.domain/path, a * may only be the"
                + " last character and stands behind the domain's slash");
      }
      return new OfId(id.group(1), id.group(2), prefix);
    }
    if (text.endsWith("/*")) {
      return new OfNamespace(new Scope.Namespace(text.substring(0, text.length() - 2)).namespace());
    }
    return new OfService(ServiceName.parse(text));
  }
}
