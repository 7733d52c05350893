package io.hostmesh.agent.telemetry;

/** Builds one JSON object on one line (RFC 8259). Not for use by several threads. */
public final class JsonLine {
  private final StringBuilder text = new StringBuilder(384).append('{');

  public JsonLine add(String key, String value) {
    key(key).append('"');
    escape(value);
    text.append('"');
    return this;
  }

  public JsonLine add(String key, long value) {
    key(key).append(value);
    return this;
  }

  private StringBuilder key(String key) {
    if (text.length() > 1) {
      text.append(',');
    }
    return text.append('"').append(key).append("\":");
  }

  private void escape(String value) {
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c == '"' || c == '\\') {
        text.append('\\').append(c);
      } else if (c < ' ' || c == 0x7f || c == 0x2028 || c == 0x2029 || Character.isSurrogate(c)) {
        text.append(String.format("\\u%04x", (int) c));
      } else {
        text.append(c);
      }
    }
  }

  /** The object; nothing can be added after it. */
  public String end() {
    return text.append('}').toString();
  }
}
