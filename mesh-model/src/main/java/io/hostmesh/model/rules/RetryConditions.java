package io.hostmesh.model.rules;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What has to happen to a try for another one to follow, in Envoy's terms: any of these.
 *
 * @param kinds of failures and answers
 * @param statuses of answers, beside what the kinds say
 * @param grpcCodes of gRPC calls, by their numbers
 */
public record RetryConditions(Set<Kind> kinds, Set<Integer> statuses, Set<Integer> grpcCodes) {
  /** Failures, and answers that stand for them. */
  public enum Kind {
    /** The instance could not be reached. */
    CONNECT_FAILURE("connect-failure"),
    /** It took nothing of the request, and said so. */
    REFUSED_STREAM("refused-stream"),
    /** There was no answer: the connection or the stream broke, or the try took too long. */
    RESET("reset"),
    /** 500 to 599, and no answer at all. */
    SERVER_ERROR("5xx"),
    /** 502, 503 or 504, and no answer at all. */
    GATEWAY_ERROR("gateway-error"),
    /** 409: another client was faster. */
    RETRIABLE_4XX("retriable-4xx");

    private final String text;

    Kind(String text) {
      this.text = text;
    }

    public String text() {
      return text;
    }
  }

  /** Those of gRPC's codes after which the same call may well succeed. */
  private static final Map<String, Integer> GRPC =
      Map.of(
          "cancelled", 1,
          "deadline-exceeded", 4,
          "resource-exhausted", 8,
          "internal", 13,
          "unavailable", 14);

  private static final Pattern STATUS = Pattern.compile("[45][0-9]{2}");

  /** What holds where a rule does not say: none of it repeats what an application has done. */
  public static final RetryConditions DEFAULT =
      new RetryConditions(
          EnumSet.of(Kind.CONNECT_FAILURE, Kind.REFUSED_STREAM, Kind.RESET, Kind.GATEWAY_ERROR),
          Set.of(),
          Set.of());

  public RetryConditions {
    kinds = Set.copyOf(kinds);
    statuses = Set.copyOf(statuses);
    grpcCodes = Set.copyOf(grpcCodes);
  }

  /**
   * Reads the conditions of a rule.
   *
   * @throws IllegalArgumentException naming the first that there is not
   */
  public static RetryConditions parse(List<String> texts) {
    Set<Kind> kinds = EnumSet.noneOf(Kind.class);
    Set<Integer> statuses = new TreeSet<>();
    Set<Integer> codes = new TreeSet<>();
    for (String text : texts) {
      Kind kind = kind(text);
      Integer code = GRPC.get(text);
      if (kind != null) {
        kinds.add(kind);
      } else if (code != null) {
        codes.add(code);
      } else if (STATUS.matcher(text).matches()) {
        statuses.add(Integer.valueOf(text));
      } else {
        throw new IllegalArgumentException(
            "\"" + text + "\" is not one of " + String.join(", ", known()) + ", 400 to 599");
      }
    }
    return new RetryConditions(kinds, statuses, codes);
  }

  private static @Nullable Kind kind(String text) {
    for (Kind kind : Kind.values()) {
      if (kind.text().equals(text)) {
        return kind;
      }
    }
    return null;
  }

  private static List<String> known() {
    List<String> known = new ArrayList<>();
    for (Kind kind : Kind.values()) {
      known.add(kind.text());
    }
    GRPC.keySet().stream().sorted().forEach(known::add);
    return known;
  }

  /** As a rule writes them, sorted. */
  public List<String> texts() {
    List<String> texts = new ArrayList<>();
    kinds.stream().map(Kind::text).forEach(texts::add);
    statuses.stream().map(String::valueOf).forEach(texts::add);
    grpcCodes.stream().map(RetryConditions::grpcText).forEach(texts::add);
    return texts.stream().sorted().toList();
  }

  /** The name of a gRPC code, or its number where conditions have none. */
  public static String grpcText(int code) {
    return GRPC.entrySet().stream()
        .filter(entry -> entry.getValue() == code)
        .map(Map.Entry::getKey)
        .findFirst()
        .orElseGet(() -> "grpc-" + code);
  }
}
