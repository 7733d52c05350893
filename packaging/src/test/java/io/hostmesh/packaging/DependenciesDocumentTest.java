package io.hostmesh.packaging;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** {@code docs/dependencies.md} names what the POMs name, no more and no less. */
class DependenciesDocumentTest {
  private static final Path ROOT = Path.of(System.getProperty("hostmesh.root", ".."));
  private static final Pattern ROW =
      Pattern.compile("^\\| `([^`:]+:[^`:]+)` \\| ([^|]+) \\| ([^|]+) \\|$", Pattern.MULTILINE);

  @Test
  void everyDependencyHasALicenceAndAReason() throws Exception {
    Set<String> documented = new TreeSet<>();
    Matcher rows = ROW.matcher(Files.readString(ROOT.resolve("docs/dependencies.md")));
    while (rows.find()) {
      assertThat(rows.group(2)).as("licence of " + rows.group(1)).isNotBlank();
      assertThat(rows.group(3)).as("reason for " + rows.group(1)).isNotBlank();
      assertThat(documented.add(rows.group(1))).as(rows.group(1) + " once").isTrue();
    }

    Set<String> declared = declared();
    assertThat(declared)
        .as("every dependency of a POM has a row")
        .allMatch(name -> documented.stream().anyMatch(row -> covers(row, name)));
    assertThat(documented)
        .as("every row has a dependency")
        .allMatch(row -> declared.stream().anyMatch(name -> covers(row, name)));
  }

  /** A star in a row stands for the rest of a family of artifacts. */
  private static boolean covers(String row, String name) {
    return name.matches(row.replace(".", "\\.").replace("*", ".*"));
  }

  private static Set<String> declared() throws Exception {
    Set<String> declared = new TreeSet<>();
    for (Path pom : poms()) {
      for (String kind : new String[] {"dependency", "plugin", "path"}) {
        addAll(declared, pom, kind);
      }
    }
    declared.removeIf(name -> name.startsWith("io.hostmesh:"));
    return declared;
  }

  private static Iterable<Path> poms() throws IOException {
    try (Stream<Path> modules = Files.list(ROOT)) {
      return Stream.concat(Stream.of(ROOT), modules)
          .map(module -> module.resolve("pom.xml"))
          .filter(Files::exists)
          .toList();
    }
  }

  private static void addAll(Set<String> names, Path pom, String kind) throws Exception {
    NodeList elements =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(pom.toFile())
            .getElementsByTagName(kind);
    for (int i = 0; i < elements.getLength(); i++) {
      Element element = (Element) elements.item(i);
      names.add(
          text(element, "groupId", "org.apache.maven.plugins")
              + ":"
              + text(element, "artifactId", ""));
    }
  }

  private static String text(Element element, String child, String otherwise) {
    NodeList children = element.getElementsByTagName(child);
    return children.getLength() == 0 ? otherwise : children.item(0).getTextContent().strip();
  }
}
