package io.hostmesh.e2e.stories;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * All kinds of traffic at once between two hosts for ten minutes, or {@code -Dsoak.seconds}: every
 * byte arrives, nothing fails, and the agents' memory stays what it is.
 */
@Tag("full") // Ten minutes: ./verify --full.
class SoakStory {
  private static final int SECONDS = Integer.getInteger("soak.seconds", 600);
  private static final Path FOLDER = Path.of("/tmp/hostmesh-e2e");

  /** While a JVM warms up its memory grows: a short run says little of it. */
  private static final double GROWTH = SECONDS >= 300 ? 1.10 : 1.50;

  private static Lab lab = Lab.named("soak");

  /**
   * @param status of its process, in /proc
   * @param resident its memory over time, in KiB
   */
  private record Agent(String host, Path status, List<Long> resident) {
    static Agent of(String host) throws IOException {
      return new Agent(host, Path.of("/proc", pid(host), "status"), new ArrayList<>());
    }

    private static String pid(String host) throws IOException {
      Path socket = lab.dir().resolve("run").resolve(host).resolve("agent.sock");
      return Lab.run(
              "",
              List.of("curl", "-sf", "--unix-socket", socket.toString(), "http://agent/v1/status"))
          .ok()
          .out()
          .replaceAll("(?s).*\"pid\":(\\d+).*", "$1");
    }

    void look() throws IOException {
      resident.add(
          Files.readAllLines(status).stream()
              .filter(line -> line.startsWith("VmRSS:"))
              .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
              .sum());
    }

    void isFlat() {
      int samples = resident.size();
      long afterThird = median(resident.subList(samples / 3, samples * 13 / 30));
      long atEnd = median(resident.subList(samples * 9 / 10, samples));
      System.out.println("agent of " + host + ": " + afterThird + " KiB, then " + atEnd + " KiB");
      assertThat(atEnd)
          .as("memory of the agent of " + host + ", which had " + afterThird + " KiB")
          .isLessThan((long) (afterThird * GROWTH));
    }

    private static long median(List<Long> values) {
      return values.stream().sorted().toList().get(values.size() / 2);
    }
  }

  @BeforeAll
  static void up() throws IOException {
    // Every 16th buffer is followed, with the places that touched it.
    lab =
        Lab.upWith(
            Map.of(
                "HOSTMESH_JAVA_FLAGS",
                "-Dio.netty.leakDetection.level=advanced"
                    + " -Dio.netty.leakDetection.samplingInterval=16"),
            "soak",
            "--registry", // Ten minutes of load, without three Consuls beside.
            "embedded");
    Programs.script("soak.py");
    nginx("site", 80, "http", "");
    nginx("frames", 81, "http2", " http2");
    program("chunks", 8080, "http", "http");
    program("bytes", 7000, "tcp", "tcp");
  }

  @AfterAll
  static void down() throws IOException {
    lab.close();
  }

  private static void nginx(String service, int port, String protocol, String option)
      throws IOException {
    Path conf = FOLDER.resolve(service + ".conf");
    Files.writeString(
        conf,
        Files.readString(Programs.script("soak.nginx"))
            .replace("PORT", port + option)
            .replace("SMALL", "0123456789".repeat(10)));
    byte[] large = new byte[64 * 1024];
    for (int i = 0; i < large.length; i++) {
      large[i] = (byte) i;
    }
    Path file = FOLDER.resolve("large");
    Files.write(file, large);
    lab.run(
            "h2",
            service,
            port,
            protocol,
            List.of("--copy", conf.toString(), "--copy", file.toString()),
            "sh",
            "-c",
            "exec nginx -p \"$PWD\" -c \"$PWD/" + service + ".conf\"")
        .ok();
  }

  private static void program(String service, int port, String protocol, String role)
      throws IOException {
    lab.run(
            "h2",
            service,
            port,
            protocol,
            List.of("--copy", FOLDER.resolve("soak.py").toString()),
            "python3",
            "soak.py",
            role,
            Integer.toString(port))
        .ok();
  }

  @Test
  void nothingFailsAndMemoryStaysFlat() throws Exception {
    String soak = "python3 " + FOLDER.resolve("soak.py") + " call ";
    Lab.within(
        Duration.ofSeconds(30),
        "all services to answer",
        () -> lab.as("web", "h1", soak + 1 + " | grep -q failed").status() == 1);
    Map<String, Double> failuresBefore = failures();

    Path calls = Files.createTempFile("soak", ".calls");
    Path small = Files.createTempFile("soak", ".small");
    Path large = Files.createTempFile("soak", ".large");
    List<Process> callers =
        List.of(
            lab.begin("web", "h1", soak + SECONDS, calls),
            lab.begin("web", "h1", frames("-c 4 -m 8 --rps=100", "small"), small),
            lab.begin("web", "h1", frames("-c 1 -m 2 --rps=20", "large"), large));
    List<Agent> agents = List.of(Agent.of("h1"), Agent.of("h2"));
    try {
      watch(callers, agents);
    } finally {
      callers.forEach(Process::destroy);
    }

    String said = Files.readString(calls) + Files.readString(small) + Files.readString(large);
    System.out.println(said);
    assertThat(said).doesNotContain("failed ");
    for (String kind : List.of("small", "large", "fresh", "chunked", "tcp")) {
      assertThat(said).as(kind).containsPattern("good " + kind + " [1-9]");
    }
    for (Path output : List.of(small, large)) {
      assertThat(Files.readString(output))
          .containsPattern("requests: .* [1-9][0-9]* succeeded, 0 failed, 0 errored, 0 timeout")
          .contains(" 0 3xx, 0 4xx, 0 5xx");
    }
    assertThat(failures()).isEqualTo(failuresBefore);
    for (Agent agent : agents) {
      agent.isFlat();
      assertThat(lab.log(agent.host())).as("log of " + agent.host()).doesNotContain("LEAK");
    }
    for (Path output : List.of(calls, small, large)) {
      Files.delete(output);
    }
  }

  private static String frames(String options, String file) {
    return "h2load " + options + " -t 1 -D " + SECONDS + " http://frames.mesh:81/" + file;
  }

  /** Looks at the agents' memory every second until the callers end. */
  private static void watch(List<Process> callers, List<Agent> agents) throws Exception {
    long deadline = System.nanoTime() + Duration.ofSeconds(SECONDS + 60L).toNanos();
    while (callers.stream().anyMatch(Process::isAlive)) {
      assertThat(System.nanoTime()).as("the callers end").isLessThan(deadline);
      for (Agent agent : agents) {
        agent.look();
      }
      callers.getFirst().waitFor(1, TimeUnit.SECONDS);
    }
  }

  /** What the agents counted, but for callers that went away, as h2load's do at the end. */
  private static Map<String, Double> failures() throws IOException {
    Map<String, Double> counted = new TreeMap<>();
    for (String host : List.of("h1", "h2")) {
      for (String line : lab.on(host, "curl -sf http://127.0.0.1:15020/metrics").ok().lines()) {
        if (line.startsWith("hostmesh_failures") && !line.contains("flag=\"DC\"")) {
          int value = line.lastIndexOf(' ');
          counted.put(host + " " + line.substring(0, value), Double.valueOf(line.substring(value)));
        }
      }
    }
    return counted;
  }
}
