package io.hostmesh.e2e.stories;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What Debian's sslscan says of a port.
 *
 * @param door the port's address
 * @param xml its report
 */
record Scan(String door, String xml) {
  /** With forward secrecy, and encryption that authenticates. */
  private static final String STRONG =
      ".* cipher=\"(TLS_AES_(128|256)_GCM_SHA(256|384)|TLS_CHACHA20_POLY1305_SHA256"
          + "|ECDHE-(ECDSA|RSA)-(AES(128|256)-GCM-SHA(256|384)|CHACHA20-POLY1305))\".*";

  private static final String GROUPS =
      ".* name=\"(x25519|secp(256|384|521)r1 \\(NIST P-(256|384|521)\\)"
          + "|X25519MLKEM768|X25519Kyber768Draft00)\".*";

  /**
   * Looks at ports, all at the same time.
   *
   * @param names the server name to ask for, by address; empty for none
   */
  static List<Scan> all(Lab lab, SortedMap<String, String> names) throws IOException {
    Path folder = Files.createTempDirectory("hostmesh-e2e-scan");
    try {
      StringBuilder script = new StringBuilder();
      names.forEach(
          (door, name) ->
              script.append(
                  "sslscan --no-colour --ipv4 --timeout=5 --show-sigs %s --xml=%s/%s %s > %s/out & "
                      .formatted(
                          name.isEmpty() ? "" : "--sni-name=" + name, folder, door, door, folder)));
      lab.on("hub", script + " wait").ok();
      SortedMap<String, Scan> scans = new TreeMap<>();
      for (String door : names.keySet()) {
        scans.put(door, new Scan(door, Files.readString(folder.resolve(door))));
      }
      return List.copyOf(scans.values());
    } finally {
      Lab.run("", List.of("rm", "-r", folder.toString())).ok();
    }
  }

  private List<String> elements(String name) {
    return xml.lines().map(String::strip).filter(line -> line.startsWith("<" + name)).toList();
  }

  /**
   * @param protocols the versions of TLS that may be spoken, and are
   */
  void findsNothing(List<String> protocols) {
    assertThat(elements("protocol ").stream().filter(line -> line.contains("enabled=\"1\"")))
        .as("protocols of %s", door)
        .extracting(line -> line.replaceAll(".*type=\"(\\w+)\" version=\"([0-9.]+)\".*", "$1 $2"))
        .containsExactlyElementsOf(protocols);
    assertThat(elements("cipher ")).as(door).isNotEmpty().allMatch(line -> line.matches(STRONG));
    assertThat(elements("group ")).as(door).isNotEmpty().allMatch(line -> line.matches(GROUPS));
    Map.of(
            "heartbleed ", "vulnerable=\"0\"",
            "compression ", "supported=\"0\"",
            "renegotiation ", "supported=\"0\"")
        .forEach(
            (element, good) ->
                assertThat(elements(element)).as(door).allMatch(line -> line.contains(good)));
    assertThat(elements("connection-signature-algorithm "))
        .as(door)
        .isNotEmpty()
        .noneMatch(line -> line.matches("(?i).*(md5|sha1|any|anonymous).*"));
    assertThat(elements("signature-algorithm>"))
        .as(door)
        .isNotEmpty()
        .allMatch(line -> line.contains("ecdsa-with-SHA256"));
    assertThat(elements("pk ")).as(door).isNotEmpty().allMatch(line -> line.contains("\"false\""));
    assertThat(elements("expired>")).as(door).allMatch(line -> line.contains("false"));
  }
}
