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

  /** Its configuration, in a folder that it may write to. */
  private static String nginx(String server) {
    return """
        daemon off;
        pid nginx.pid;
        error_log stderr;
        events {}
        http {
          access_log off;
          client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
          uwsgi_temp_path uwsgi; scgi_temp_path scgi;
        """
        + server
        + "}\n";
  }

  @Test
  void nginxAnswersCurl() throws IOException {
    Path conf = Path.of("/tmp/hostmesh-e2e/nginx.conf");
    Files.createDirectories(conf.getParent());
    Files.writeString(
        conf,
        nginx(
            """
              server {
                listen 80;
                location / { return 200 "nginx for $http_x_forwarded_client_cert\\n"; }
                location /big { root .; }
              }
            """));
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

  /** TLS of the programs' own passes as it is; who calls is proven by the mesh around it. */
  @Test
  void curlChecksNginxOwnCertificate() throws Exception {
    Path folder = Files.createDirectories(Path.of("/tmp/hostmesh-e2e/tls"));
    Lab.run(
            "",
            List.of(
                "sh",
                "-euc",
                "cd "
                    + folder
                    + "; openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
                    + " -keyout key.pem -out cert.pem -days 2 -subj /CN=secure.mesh"
                    + " -addext subjectAltName=DNS:secure.mesh && chmod 644 key.pem cert.pem"))
        .ok();
    Path conf = folder.resolve("nginx-tls.conf");
    Files.writeString(
        conf,
        nginx(
            """
              server {
                listen 443 ssl;
                ssl_certificate cert.pem; ssl_certificate_key key.pem;
                location / { return 200 "$ssl_protocol for $ssl_server_name\\n"; }
              }
            """));
    lab.run(
            "h2",
            "secure",
            443,
            "auto",
            List.of(
                "--copy",
                conf.toString(),
                "--copy",
                folder.resolve("key.pem").toString(),
                "--copy",
                folder.resolve("cert.pem").toString()),
            "sh",
            "-c",
            "exec nginx -p \"$PWD\" -c \"$PWD/nginx-tls.conf\"")
        .ok();

    String curl =
        "curl -sS --max-time 10 --cacert " + folder.resolve("cert.pem") + " https://secure.mesh/";
    assertThat(lab.as("shop", "h1", curl).ok().out())
        .startsWith("TLS")
        .endsWith(" for secure.mesh\n");
    for (String host : List.of("h1", "h2")) {
      Lab.within(
          java.time.Duration.ofSeconds(10),
          "the agent of " + host + " to log the server name",
          () -> lab.log(host + "-access").contains("\"requested_server_name\":\"secure.mesh\""));
    }
  }

  /** A service that declares nothing and speaks first, as SMTP and MySQL do, is not waited for. */
  @Test
  void aServerThatSpeaksFirstNeedsNoDeclaration() throws IOException {
    lab.run(
            "h2",
            "mail",
            2525,
            "auto",
            List.of(),
            "socat",
            "TCP-LISTEN:2525,fork,reuseaddr",
            "SYSTEM:\"echo 220 ready; head -n 1\"")
        .ok();

    assertThat(
            lab.as("shop", "h1", "(sleep 1; echo QUIT) | socat -t 10 - TCP:mail.mesh:2525")
                .ok()
                .lines())
        .containsExactly("220 ready", "QUIT");
  }

  @Test
  void aWebSocketStaysOpenBothWays() throws IOException {
    String script = Programs.script("websocket.py").toString();
    lab.run(
            "h2",
            "chat",
            8765,
            "http",
            List.of("--copy", script),
            "/usr/bin/python3",
            "websocket.py",
            "serve",
            "8765")
        .ok();

    assertThat(
            lab.as("shop", "h1", "/usr/bin/python3 " + script + " call ws://chat.mesh/room?a=b")
                .ok()
                .lines())
        .containsExactly("path /room?a=b", "True", "True", "True", "closed 1000");
  }

  /** A service of the mesh may be a proxy: who may use it is the mesh's to say. */
  @Test
  void curlAndSocatTunnelThroughTinyproxy() throws Exception {
    Path conf = Path.of("/tmp/hostmesh-e2e/tinyproxy.conf");
    Files.createDirectories(conf.getParent());
    Files.writeString(conf, "Port 8888\nListen 127.0.0.1\nTimeout 60\nMaxClients 20\n");
    lab.run(
            "h2",
            "egress",
            8888,
            "http",
            List.of("--copy", conf.toString()),
            "tinyproxy",
            "-d",
            "-c",
            "tinyproxy.conf")
        .ok();
    try (AutoCloseableProcess _ = outside("9001")) {
      assertThat(
              lab.as(
                      "shop",
                      "h1",
                      "curl -sS --max-time 10 -p -x http://egress.mesh:8888 http://10.99.0.1:9001/in")
                  .ok()
                  .out())
          .startsWith("outside GET /in from 10.99.0.12");
      assertThat(
              lab.as(
                      "shop",
                      "h1",
                      // tinyproxy gives up at the end of its caller's half.
                      "(printf 'GET /old HTTP/1.0\\r\\n\\r\\n'; sleep 1) | socat -t 10 -"
                          + " PROXY:egress.mesh:10.99.0.1:9001,proxyport=8888")
                  .ok()
                  .out())
          .contains("outside GET /old from 10.99.0.12");
      assertThat(
              lab.as(
                      "shop",
                      "h1",
                      "curl -s --max-time 10 -p -x http://egress.mesh:8888 -o /dev/null"
                          + " -w '%{http_connect}' http://10.99.0.1:1/ || true")
                  .ok()
                  .out())
          .isEqualTo("500");
    }
  }

  /** A program on the machine between the hosts, which is no part of the mesh. */
  private static AutoCloseableProcess outside(String port) throws Exception {
    AutoCloseableProcess process =
        AutoCloseableProcess.start(
            lab.command(
                "lab",
                "exec",
                "hub",
                "--",
                "/usr/bin/python3",
                Programs.script("echo.py").toString(),
                port,
                "outside"));
    Lab.within(
        java.time.Duration.ofSeconds(15),
        "a program outside of the mesh to listen",
        () -> lab.on("h1", "curl -sS --max-time 2 http://10.99.0.1:" + port + "/").status() == 0);
    return process;
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
  void otherNamesAndAddressesAreNotTouched() throws Exception {
    try (AutoCloseableProcess _ = outside("9000")) {
      assertThat(lab.on("h1", "curl -sS --max-time 5 http://hub:9000/out").ok().out())
          .startsWith("outside GET /out from 10.99.0.11");
    }
  }
}
