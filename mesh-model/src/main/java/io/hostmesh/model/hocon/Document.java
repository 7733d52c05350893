package io.hostmesh.model.hocon;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigSyntax;
import java.util.List;

/** Turns the text of a document into its root object. */
final class Document {
  /** What settings that lie over a document are called in messages. */
  static final String OVERRIDE = "--set";

  private static final int MAX_DEPTH = 64;

  private Document() {}

  /**
   * @param overrides texts whose values hold before the document's, the last one first
   * @throws HoconException where a text is not HOCON, or nested without measure
   */
  static ConfigObject read(String file, String text, List<String> overrides) {
    Config config = parse(file, text);
    for (String override : overrides) {
      config = parse(OVERRIDE, override).withFallback(config);
    }
    try {
      return config.resolve().root();
    } catch (ConfigException e) {
      throw unreadable(file, e);
    }
  }

  private static Config parse(String file, String text) {
    refuseDeepNesting(file, text);
    ConfigParseOptions options =
        ConfigParseOptions.defaults()
            .setSyntax(ConfigSyntax.CONF)
            .setOriginDescription(file)
            .setIncluder(new NoIncludes());
    try {
      return ConfigFactory.parseString(text, options);
    } catch (ConfigException e) {
      throw unreadable(file, e);
    }
  }

  /** The library descends by recursion, and a document may come from the network. */
  private static void refuseDeepNesting(String file, String text) {
    int depth = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '{' || c == '[') {
        if (++depth > MAX_DEPTH) {
          int line = 1 + (int) text.substring(0, i).chars().filter(x -> x == '\n').count();
          throw new HoconException(
              new Origin(file, line, ""), "is nested more than " + MAX_DEPTH + " levels deep");
        }
      } else if (c == '}' || c == ']') {
        depth--;
      }
    }
  }

  private static HoconException unreadable(String file, ConfigException e) {
    int line = e.origin() == null ? 0 : Math.max(e.origin().lineNumber(), 0);
    String message = String.valueOf(e.getMessage());
    // The library begins its messages with the place; ours is in the Origin.
    String problem = message.replaceFirst("^.*?: (\\d+: )?", "");
    return new HoconException(new Origin(file, line, ""), problem.isEmpty() ? message : problem, e);
  }
}
