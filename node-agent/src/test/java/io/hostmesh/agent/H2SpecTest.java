package io.hostmesh.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.model.Protocol;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** The agent as an HTTP/2 server, by the public conformance suite. */
@Timeout(120)
class H2SpecTest {
  private static final String ARCHIVE = "/h2spec/2.2.0/h2spec_linux_amd64.tar.gz";

  private final TestMesh mesh = new TestMesh();
  private final Vertx vertx = Vertx.vertx();

  @TempDir Path directory;

  @AfterEach
  void stop() throws Exception {
    mesh.close();
    vertx.close().toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
  }

  @Test
  void allCasesPass() throws Exception {
    HttpServer app =
        vertx
            .createHttpServer()
            .requestHandler(
                request -> request.endHandler(_ -> request.response().end("enough for all cases")))
            .listen(0, "127.0.0.1")
            .toCompletionStage()
            .toCompletableFuture()
            .get(30, TimeUnit.SECONDS);
    mesh.service(mesh.h2, "far", "f1", Protocol.HTTP2, app.actualPort(), "v1");
    Path report = directory.resolve("report.xml");
    Path output = directory.resolve("output.txt");
    Process process =
        new ProcessBuilder(
                h2spec().toString(),
                "--strict",
                "--timeout=30",
                "--port=" + mesh.h1.to("far").getPort(),
                "--junit-report=" + report)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      assertThat(process.waitFor(100, TimeUnit.SECONDS)).as("h2spec ends").isTrue();
    } finally {
      process.destroyForcibly();
    }
    String said = Files.readString(output);
    Document results =
        DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(report.toFile());
    assertThat(results.getElementsByTagName("testcase").getLength()).as(said).isEqualTo(146);
    assertThat(parents(results, "failure")).as(said).isEmpty();
    assertThat(parents(results, "skipped")).as(said).isEmpty();
    assertThat(parents(results, "error")).as(said).isEmpty();
  }

  /** The cases that hold an element, by section and name. */
  private static List<String> parents(Document results, String element) {
    NodeList found = results.getElementsByTagName(element);
    return IntStream.range(0, found.getLength())
        .mapToObj(i -> (Element) found.item(i).getParentNode())
        .map(
            testCase -> testCase.getAttribute("package") + " " + testCase.getAttribute("classname"))
        .toList();
  }

  private Path h2spec() throws Exception {
    Path archive = directory.resolve("h2spec.tar.gz");
    try (InputStream in = H2SpecTest.class.getResourceAsStream(ARCHIVE)) {
      Files.copy(in, archive);
    }
    Process tar =
        new ProcessBuilder("tar", "-xzf", archive.toString(), "-C", directory.toString())
            .inheritIO()
            .start();
    assertThat(tar.waitFor()).as("tar's exit status").isZero();
    return directory.resolve("h2spec");
  }
}
