import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.Executors;

/**
 * The sample mesh's front: asks the greeter for each request, by its name and in plain HTTP, and
 * passes on what that says. It knows nothing of the mesh.
 *
 * <pre>java Web.java PORT</pre>
 */
public final class Web {
  private static final HttpClient HTTP =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(5))
          .build();

  private Web() {}

  public static void main(String[] args) throws IOException {
    HttpServer server = HttpServer.create(new InetSocketAddress(Integer.parseInt(args[0])), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/", Web::answer);
    server.start();
    System.out.println("web listens on port " + args[0]);
  }

  private static void answer(HttpExchange exchange) throws IOException {
    String said;
    int status;
    try {
      HttpResponse<String> greeting =
          HTTP.send(
              HttpRequest.newBuilder(
                      URI.create("http://greeter.mesh" + exchange.getRequestURI().getRawPath()))
                  .timeout(Duration.ofSeconds(10))
                  .build(),
              HttpResponse.BodyHandlers.ofString());
      status = greeting.statusCode();
      said = greeting.body();
    } catch (IOException | InterruptedException e) {
      status = 502;
      said = "no answer: " + e + "\n";
    }
    byte[] bytes = ("web asked the greeter, who said " + said).getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status == 200 ? 200 : 502, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }
}
