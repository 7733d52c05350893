package io.hostmesh.e2e.stories;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Programs that know nothing of the mesh talk across it by name. */
class RealProgramsStory {
  private static Lab lab = Lab.named("programs");

  @BeforeAll
  static void up() throws IOException {
    lab = Lab.up("programs");
  }

  @AfterAll
  static void down() throws IOException {
    lab.close();
  }

  @Test
  void nginxAnswersCurl() throws IOException {
    Path conf = Path.of("/tmp/hostmesh-e2e/nginx.conf");
    Files.createDirectories(conf.getParent());
    Files.writeString(
        conf,
        """
        daemon off;
        pid nginx.pid;
        error_log stderr;
        events {}
        http {
          access_log off;
          client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
          uwsgi_temp_path uwsgi; scgi_temp_path scgi;
          server {
            listen 80;
            location / { return 200 "nginx for $http_x_forwarded_client_cert\\n"; }
            location /big { root .; }
          }
        }
        """);
    Path big = Path.of("/tmp/hostmesh-e2e/big");
    Files.writeString(big, "0123456789abcdef".repeat(64 * 1024));
    lab.run(
            "h2",
            "site",
            80,
            "http",
            List.of("--copy", conf.toString(), "--copy", big.toString(), "--check", "http=/"),
            "sh",
            "-c",
            "exec nginx -p \"$PWD\" -c \"$PWD/nginx.conf\"")
        .ok();

    assertThat(lab.as("shop", "h1", "curl -sS --max-time 10 http://site.mesh/").ok().out())
        .startsWith("nginx for By=spiffe://")
        .contains("URI=spiffe://hostmesh.local/ns/default/dc/dc1/svc/shop");
    assertThat(
            lab.as(
                    "shop",
                    "h1",
                    "curl -sS --max-time 30 http://site.mesh/big -o /dev/null -w '%{http_code} %{size_download}'")
                .ok()
                .out())
        .isEqualTo("200 1048576");
    assertThat(
            lab.as("shop", "h1", "curl -sS --max-time 10 http://site.virtual.consul/").ok().out())
        .startsWith("nginx for");
  }

  @Test
  void psqlTalksToPostgres() throws IOException {
    String bin = postgres();
    String start =
        bin
            + "/initdb -D data -A trust -U app >/dev/null"
            // The agent dials from 127.0.0.6, which a server is told to trust, or not, by itself.
            + " && echo 'host all all 127.0.0.6/32 trust' >> data/pg_hba.conf"
            + " && exec "
            + bin
            + "/postgres -D data -p 5432 -c listen_addresses=127.0.0.1 -c unix_socket_directories=$PWD"
            + " -c fsync=off";
    lab.run("h2", "db", 5432, "tcp", List.of(), "sh", "-c", start).ok();

    assertThat(
            lab.as(
                    "shop",
                    "h1",
                    "psql -h db.mesh -U app -d postgres -Atc 'select 6*7'"
                        + " && psql -h db.mesh -U app -d postgres -Atc"
                        + " \"select sum(length(repeat('x', 1000))) from generate_series(1,2000)\"")
                .ok()
                .lines())
        .containsExactly("42", "2000000");
  }

  private static String postgres() throws IOException {
    try (Stream<Path> versions = Files.list(Path.of("/usr/lib/postgresql"))) {
      return versions.max(Comparator.naturalOrder()).orElseThrow().resolve("bin").toString();
    }
  }

  @Test
  void socatSendsAndHalfCloses() throws IOException {
    lab.run(
            "h2",
            "upper",
            7000,
            "tcp",
            List.of(),
            "socat",
            "TCP-LISTEN:7000,fork,reuseaddr",
            "EXEC:tr a-z A-Z")
        .ok();

    // tr answers at the end of its input only: the end of the one half must arrive.
    assertThat(
            lab.as("shop", "h1", "printf 'half closed' | socat -t 10 - TCP:upper.mesh:7000")
                .ok()
                .out())
        .isEqualTo("HALF CLOSED");
  }

  @Test
  void aServiceOnTheSameHostIsCalledByNameToo() throws IOException {
    Programs.echo(lab, "h1", "local", 8090, "local");

    assertThat(lab.as("shop", "h1", "curl -sS --max-time 10 http://local.mesh/x").ok().out())
        .startsWith("local GET /x")
        .contains("svc/shop");
  }

  @Test
  void otherNamesAndAddressesAreNotTouched() throws IOException {
    try (AutoCloseableProcess _ =
        AutoCloseableProcess.start(
            lab.command(
                "lab",
                "exec",
                "hub",
                "--",
                "/usr/bin/python3",
                Programs.script("echo.py").toString(),
                "9000",
                "outside"))) {
      Lab.within(
          java.time.Duration.ofSeconds(15),
          "a program outside of the mesh to listen",
          () -> lab.on("h1", "curl -sS --max-time 2 http://10.99.0.1:9000/").status() == 0);
      assertThat(lab.on("h1", "curl -sS --max-time 5 http://hub:9000/out").ok().out())
          .startsWith("outside GET /out from 10.99.0.11");
    } catch (IOException e) {
      throw e;
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }
}
