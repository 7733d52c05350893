package io.hostmesh.pilot.intentions;

import io.hostmesh.model.rules.Grant.Shape;
import io.hostmesh.model.rules.PathPattern;
import io.hostmesh.model.rules.ValuePattern;
import io.hostmesh.pilot.intentions.Intention.Effect;
import io.hostmesh.pilot.intentions.Intention.Permission;
import io.hostmesh.registry.Intentions;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Reads config entries of kind {@code service-intentions} (Consul, "Service intentions
 * configuration entry reference"). A field that this version does not know, or that says what a
 * grant cannot, makes the intention one that denies: it was meant to restrict somebody.
 */
final class IntentionReader {
  private static final Pattern TOKEN = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+");

  /** What says nothing about who may call. */
  private static final Set<String> SOURCE_FIELDS =
      Set.of(
          "Name",
          "Action",
          "Permissions",
          "Precedence",
          "Type",
          "Description",
          "LegacyID",
          "LegacyMeta",
          "LegacyCreateTime",
          "LegacyUpdateTime",
          "Namespace",
          "Partition",
          "Peer",
          "SamenessGroup");

  private static final Set<String> ENTRY_FIELDS =
      Set.of(
          "Kind",
          "Name",
          "Sources",
          "JWT",
          "Meta",
          "Hash",
          "CreateIndex",
          "ModifyIndex",
          "Namespace",
          "Partition",
          "SamenessGroup");

  private static final Set<String> HTTP_FIELDS =
      Set.of("Methods", "PathExact", "PathPrefix", "PathRegex", "Header");
  private static final Set<String> HEADER_FIELDS =
      Set.of("Name", "Present", "Exact", "Prefix", "Suffix", "Invert");

  private static final ValuePattern PRESENT = new ValuePattern("*");

  private IntentionReader() {}

  /** What a grant cannot say. */
  private static final class Inexpressible extends Exception {
    private static final long serialVersionUID = 1L;

    Inexpressible(String why) {
      super(why);
    }
  }

  /** The intentions of an entry; one that closes the service where it cannot be read at all. */
  static List<Intention> read(Intentions.Stored stored) {
    try {
      JsonObject entry = new JsonObject(stored.json());
      Optional<String> foreign = foreign(entry);
      if (isSet(entry, "JWT")) {
        foreign =
            Optional.of(
                "JWT cannot be honoured; write an authentication rule of hostmesh in its place");
      }
      try {
        checkFields(entry, ENTRY_FIELDS, "");
      } catch (Inexpressible e) {
        foreign = Optional.of(String.valueOf(e.getMessage()));
      }
      List<Intention> intentions = new ArrayList<>();
      for (Object item : array(entry, "Sources")) {
        JsonObject source = (JsonObject) item;
        if (!isSet(source, "Peer")) { // Other meshes' services never get in.
          Effect effect = foreign.<Effect>map(Effect.Refused::new).orElseGet(() -> effect(source));
          intentions.add(
              new Intention(
                  stored.name(),
                  Objects.requireNonNull(source.getString("Name", "")),
                  effect,
                  stored.modifyIndex()));
        }
      }
      return intentions;
    } catch (DecodeException | ClassCastException | NullPointerException e) {
      return List.of(
          new Intention(
              stored.name(),
              Intention.ANY,
              new Effect.Refused("it is not a config entry of the form that Consul documents"),
              stored.modifyIndex()));
    }
  }

  private static boolean isSet(JsonObject json, String field) {
    return switch (json.getValue(field)) {
      case null -> false;
      case String text -> !text.isEmpty();
      case Boolean flag -> flag;
      case JsonArray array -> !array.isEmpty();
      case JsonObject object -> !object.isEmpty();
      default -> true;
    };
  }

  /** Whether it speaks of parts that only Consul Enterprise has. */
  private static Optional<String> foreign(JsonObject json) {
    for (String field : List.of("Namespace", "Partition")) {
      String value = json.getString(field, "");
      if (!value.isEmpty() && !value.equals("default")) {
        return Optional.of(field + " \"" + value + "\" is not known to the mesh");
      }
    }
    return isSet(json, "SamenessGroup")
        ? Optional.of("SamenessGroup is not known to the mesh")
        : Optional.empty();
  }

  private static Effect effect(JsonObject source) {
    Optional<String> foreign = foreign(source);
    if (foreign.isPresent()) {
      return new Effect.Refused(foreign.get());
    }
    try {
      checkFields(source, SOURCE_FIELDS, "");
      if (isSet(source, "Permissions")) {
        List<Permission> permissions = new ArrayList<>();
        int place = 0;
        for (Object item : source.getJsonArray("Permissions")) {
          permissions.add(permission((JsonObject) item, "Permissions[" + place++ + "]: "));
        }
        return new Effect.ByRequest(permissions);
      }
      return allows(source, "") ? new Effect.Allow() : new Effect.Deny();
    } catch (Inexpressible e) {
      return new Effect.Refused(String.valueOf(e.getMessage()));
    }
  }

  private static void checkFields(JsonObject json, Set<String> known, String place)
      throws Inexpressible {
    for (String field : new TreeSet<>(json.fieldNames())) {
      if (!known.contains(field) && isSet(json, field)) {
        throw new Inexpressible(place + field + " cannot be honoured");
      }
    }
  }

  private static boolean allows(JsonObject json, String place) throws Inexpressible {
    return switch (json.getString("Action", "")) {
      case "allow" -> true;
      case "deny" -> false;
      default ->
          throw new Inexpressible(
              place + "Action \"" + json.getString("Action", "") + "\" is not allow or deny");
    };
  }

  private static Permission permission(JsonObject json, String place) throws Inexpressible {
    checkFields(json, Set.of("Action", "HTTP"), place);
    JsonObject http = json.getJsonObject("HTTP", new JsonObject());
    checkFields(http, HTTP_FIELDS, place);
    Set<String> methods = new HashSet<>();
    for (Object method : array(http, "Methods")) {
      methods.add(((String) method).toUpperCase(Locale.ROOT));
    }
    boolean allows = allows(json, place);
    Map<String, List<ValuePattern>> headers = new HashMap<>();
    List<Shape> unless = new ArrayList<>();
    for (Object item : array(http, "Header")) {
      JsonObject header = (JsonObject) item;
      checkFields(header, HEADER_FIELDS, place + "Header: ");
      String name = header.getString("Name", "").toLowerCase(Locale.ROOT);
      if (!TOKEN.matcher(name).matches() || name.equals("host")) { // Envoy has it as :authority.
        throw new Inexpressible(place + "\"" + name + "\" is not a header that can be matched");
      }
      ValuePattern value = value(header, place + "Header " + name + ": ");
      if (!header.getBoolean("Invert", false)) {
        require(headers, name, value, place);
        continue;
      }
      unless.add(new Shape(Set.of(), List.of(), Map.of(name, List.of(value))));
      if (allows && !value.equals(PRESENT)) {
        // Consul's documentation says that a header that is not there has another value, its
        // proxies that it has none: neither lets more in than this.
        require(headers, name, PRESENT, place);
      }
    }
    return new Permission(allows, new Shape(methods, paths(http, place), headers), unless);
  }

  private static void require(
      Map<String, List<ValuePattern>> headers, String name, ValuePattern value, String place)
      throws Inexpressible {
    List<ValuePattern> before = headers.get(name);
    if (before == null || before.equals(List.of(PRESENT))) {
      headers.put(name, List.of(value));
    } else if (!value.equals(PRESENT)) {
      throw new Inexpressible(place + "two conditions on header " + name + " cannot be honoured");
    }
  }

  private static JsonArray array(JsonObject json, String field) {
    return isSet(json, field) ? json.getJsonArray(field) : new JsonArray();
  }

  private static ValuePattern value(JsonObject header, String place) throws Inexpressible {
    List<ValuePattern> values = new ArrayList<>();
    if (isSet(header, "Present")) {
      values.add(PRESENT);
    }
    for (String field : List.of("Exact", "Prefix", "Suffix")) {
      String text = header.getString(field, "");
      if (text.startsWith("*") || text.endsWith("*") || text.indexOf(',') >= 0) {
        // Consul's proxies compare all values of a header together, with commas between them.
        throw new Inexpressible(
            place + field + " with a comma, or a star at an end, cannot be honoured");
      }
      if (!text.isEmpty()) {
        values.add(
            new ValuePattern(
                switch (field) {
                  case "Prefix" -> text + "*";
                  case "Suffix" -> "*" + text;
                  default -> text;
                }));
      }
    }
    if (values.size() != 1) {
      throw new Inexpressible(place + "is to have one of Present, Exact, Prefix, Suffix");
    }
    return values.getFirst();
  }

  private static List<PathPattern> paths(JsonObject http, String place) throws Inexpressible {
    List<PathPattern> paths = new ArrayList<>();
    for (String field : List.of("PathExact", "PathPrefix", "PathRegex")) {
      String text = http.getString(field, "");
      if (!text.isEmpty()) {
        try {
          paths.add(path(field, text));
        } catch (IllegalArgumentException e) {
          throw new Inexpressible(
              place + field + " \"" + text + "\" cannot be honoured: " + e.getMessage());
        }
      }
    }
    if (paths.size() > 1) {
      throw new Inexpressible(place + "is to have one of PathExact, PathPrefix, PathRegex");
    }
    return paths;
  }

  private static PathPattern path(String field, String text) {
    if (field.equals("PathRegex")) {
      return regex(text);
    }
    if (text.indexOf('*') >= 0) {
      throw new IllegalArgumentException("it has a star");
    }
    return new PathPattern(field.equals("PathPrefix") ? text + "*" : text);
  }

  /** A regular expression that is only a path, or a path and then anything. */
  private static PathPattern regex(String text) {
    boolean prefix = text.endsWith(".*");
    String body = prefix ? text.substring(0, text.length() - 2) : text;
    StringBuilder literal = new StringBuilder();
    for (int i = 0; i < body.length(); i++) {
      char c = body.charAt(i);
      if (c == '\\' && i + 1 < body.length() && "./-_+".indexOf(body.charAt(i + 1)) >= 0) {
        literal.append(body.charAt(++i));
      } else if (Character.isLetterOrDigit(c) || c == '/' || c == '-' || c == '_') {
        literal.append(c);
      } else {
        throw new IllegalArgumentException(
            "of regular expressions only a plain path, or one with .* behind it, can be matched");
      }
    }
    return new PathPattern(prefix ? literal + "*" : literal.toString());
  }
}
