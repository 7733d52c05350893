import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Executors;

/**
 * The sample mesh's service: greets, and says which version it is and who the mesh says is calling.
 * It knows nothing of the mesh.
 *
 * <pre>java Greeter.java PORT VERSION</pre>
 */
public final class Greeter {
  private Greeter() {}

  public static void main(String[] args) throws IOException {
    String version = args[1];
    HttpServer server = HttpServer.create(new InetSocketAddress(Integer.parseInt(args[0])), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/", exchange -> greet(exchange, version));
    server.start();
    System.out.println("greeter " + version + " listens on port " + args[0]);
  }

  private static void greet(HttpExchange exchange, String version) throws IOException {
    byte[] body = exchange.getRequestBody().readAllBytes();
    String caller = exchange.getRequestHeaders().getFirst("x-forwarded-client-cert");
    String answer =
        "hello from greeter "
            + version
            + ": "
            + exchange.getRequestMethod()
            + " "
            + exchange.getRequestURI()
            + (body.length > 0 ? " with " + body.length + " bytes" : "")
            + "\nidentities: "
            + (caller == null ? "none, this call came in the clear" : caller)
            + "\n";
    byte[] bytes = answer.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("content-type", "text/plain; charset=utf-8");
    exchange.sendResponseHeaders(200, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }
}
