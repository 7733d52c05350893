package io.hostmesh.e2e.stories;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/** The root is replaced while calls go on, and what is revoked ends at once. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class AuthorityStory {
  private static final Path CALLS = Programs.script("calls.py");
  private static final Path STOP = Path.of("/tmp/hostmesh-e2e/stop-rotation");
  private static final Path OUTPUT = Path.of("/tmp/hostmesh-e2e/rotation.out");

  private static Lab lab = Lab.named("authority");

  @BeforeAll
  static void up() throws Exception {
    lab = Lab.up("authority", "--", "citadel.lifetime.service=40s", "citadel.lifetime.node=60s");
    Programs.echo(lab, "h2", "greeter", 8080, "greeter");
    lab.hostmesh("node", "allow", "h1", "web", "payments").ok();
    Lab.within(Duration.ofSeconds(20), "calls to go", () -> call().contains("svc/web"));
  }

  @AfterAll
  static void down() throws Exception {
    lab.close();
  }

  private static String call() throws Exception {
    return lab.as("web", "h1", "curl -sS --max-time 5 http://greeter.mesh/").out();
  }

  private static boolean step(String step) throws Exception {
    return lab.hostmesh("ca", "rotate", "root", step).status() == 0;
  }

  @Test
  @Order(1)
  void aRootIsReplacedWithoutAFailedRequest() throws Exception {
    Files.deleteIfExists(STOP);
    Process calls =
        lab.begin(
            "web",
            "h1",
            "exec python3 " + CALLS + " http://greeter.mesh/ " + STOP + " new",
            OUTPUT);
    try {
      lab.hostmesh("ca", "rotate", "root", "--prepare").ok();
      Lab.within(Duration.ofSeconds(30), "all to have the root", () -> step("--activate"));
      assertThat(lab.hostmesh("ca", "status").ok().out()).contains("activated");
      Lab.within(Duration.ofSeconds(60), "all to use the root", () -> step("--retire"));
      assertThat(lab.hostmesh("ca", "status").ok().out()).contains("steady");
      Thread.sleep(1_000); // Load after the last step.
    } finally {
      Files.writeString(STOP, "");
      calls.waitFor();
    }
    List<String> lines = Files.readAllLines(OUTPUT);
    assertThat(lines.getFirst()).startsWith("good ");
    assertThat(Integer.parseInt(lines.getFirst().substring(5))).isGreaterThan(50);
    assertThat(lines.subList(1, lines.size())).isEmpty();
  }

  @Test
  @Order(2)
  void aRevokedServicesConnectionEndsWithinTwoSeconds() throws Exception {
    lab.run(
            "h2",
            "db",
            8090,
            "tcp",
            List.of(),
            "python3",
            "-c",
            """
            import socket,threading
            s=socket.create_server(('',8090))
            def serve(c):
              while (d:=c.recv(99)): c.sendall(d)
            while True: threading.Thread(target=serve,args=(s.accept()[0],)).start()
            """)
        .ok();
    Path held = Path.of("/tmp/hostmesh-e2e/held.out");
    String client =
        """
        exec python3 -u -c "import socket,time
        s=socket.create_connection(('db.mesh',8090))
        s.sendall(b'x'); print('open' if s.recv(1)==b'x' else 'refused')
        try: s.recv(1)
        except OSError: pass
        print('closed')"\
        """;
    Process holder = lab.begin("payments", "h1", client, held);
    Lab.within(
        Duration.ofSeconds(20), "it to be open", () -> Files.readString(held).contains("open"));

    lab.hostmesh("revoke", "service", "payments", "--reason", "its key was published").ok();
    Lab.within(
        Duration.ofSeconds(2), "it to be closed", () -> Files.readString(held).contains("closed"));
    holder.waitFor();

    assertThat(lab.as("payments", "h1", "curl -sS --max-time 5 http://greeter.mesh/").out())
        .contains("payments, which was revoked")
        .contains("its key was published");
    assertThat(call()).contains("svc/web");
    String name = lab.hostmesh("revoke", "list").ok().lines().get(1).split(" ", 2)[0];
    lab.hostmesh("revoke", "undo", name).ok();
    Lab.within(
        Duration.ofSeconds(20),
        "payments to be back",
        () ->
            lab.as("payments", "h1", "curl -sS --max-time 5 http://greeter.mesh/")
                .out()
                .contains("svc/payments"));
  }
}
