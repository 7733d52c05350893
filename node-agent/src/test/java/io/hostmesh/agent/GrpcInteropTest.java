package io.hostmesh.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannelBuilder;
import io.grpc.ServerBuilder;
import io.grpc.netty.shaded.io.grpc.netty.InternalNettyChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.InternalNettyServerBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.okhttp.InternalOkHttpChannelBuilder;
import io.grpc.okhttp.InternalOkHttpServerBuilder;
import io.grpc.okhttp.OkHttpChannelBuilder;
import io.grpc.okhttp.OkHttpServerBuilder;
import io.grpc.testing.integration.AbstractInteropTest;
import io.hostmesh.model.Protocol;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * gRPC's own interoperability suite, its client and its server with two agents between them, or
 * one.
 */
class GrpcInteropTest {
  private static final TestMesh MESH = new TestMesh();

  /** Which of gRPC's transports both ends use. */
  private enum Transport {
    NETTY {
      @Override
      ServerBuilder<?> server() {
        NettyServerBuilder server =
            NettyServerBuilder.forPort(0)
                .flowControlWindow(AbstractInteropTest.TEST_FLOW_CONTROL_WINDOW)
                .maxInboundMessageSize(AbstractInteropTest.MAX_MESSAGE_SIZE);
        InternalNettyServerBuilder.setStatsEnabled(server, false);
        return server;
      }

      @Override
      ManagedChannelBuilder<?> channel(InetSocketAddress address) {
        NettyChannelBuilder channel =
            NettyChannelBuilder.forAddress(address)
                .usePlaintext()
                .flowControlWindow(AbstractInteropTest.TEST_FLOW_CONTROL_WINDOW)
                .maxInboundMessageSize(AbstractInteropTest.MAX_MESSAGE_SIZE);
        InternalNettyChannelBuilder.setStatsEnabled(channel, false);
        return channel;
      }
    },
    OKHTTP {
      @Override
      ServerBuilder<?> server() {
        OkHttpServerBuilder server =
            OkHttpServerBuilder.forPort(0, InsecureServerCredentials.create())
                .flowControlWindow(AbstractInteropTest.TEST_FLOW_CONTROL_WINDOW)
                .maxInboundMessageSize(AbstractInteropTest.MAX_MESSAGE_SIZE);
        InternalOkHttpServerBuilder.setStatsEnabled(server, false);
        return server;
      }

      @Override
      ManagedChannelBuilder<?> channel(InetSocketAddress address) {
        OkHttpChannelBuilder channel =
            OkHttpChannelBuilder.forAddress(address.getHostString(), address.getPort())
                .usePlaintext()
                .flowControlWindow(AbstractInteropTest.TEST_FLOW_CONTROL_WINDOW)
                .maxInboundMessageSize(AbstractInteropTest.MAX_MESSAGE_SIZE);
        InternalOkHttpChannelBuilder.setStatsEnabled(channel, false);
        return channel;
      }
    };

    abstract ServerBuilder<?> server();

    abstract ManagedChannelBuilder<?> channel(InetSocketAddress address);
  }

  /** One case: a server and a channel, each at an agent. */
  private static final class Case extends AbstractInteropTest {
    private final Transport transport;
    private final TestMesh.Agent server;
    private final String service;

    Case(Transport transport, TestMesh.Agent server, String name) {
      this.transport = transport;
      this.server = server;
      this.service = (server.node + "-" + transport + "-" + name).toLowerCase(Locale.ROOT);
    }

    @Override
    protected ServerBuilder<?> getServerBuilder() {
      return transport.server().addStreamTracerFactory(createCustomCensusTracerFactory());
    }

    @Override
    protected ManagedChannelBuilder<?> createChannelBuilder() {
      MESH.service(server, service, service, Protocol.GRPC, port(), "v1");
      return transport.channel(MESH.h1.to(service)).intercept(createCensusStatsClientInterceptor());
    }

    private int port() {
      try {
        Method address = AbstractInteropTest.class.getDeclaredMethod("getListenAddress");
        address.setAccessible(true);
        return ((InetSocketAddress) address.invoke(this)).getPort();
      } catch (ReflectiveOperationException e) {
        throw new LinkageError("the suite hides where its server listens", e);
      }
    }

    DynamicTest test(Run run) {
      return DynamicTest.dynamicTest(
          service,
          () -> {
            setUp();
            try {
              run.of(this);
            } finally {
              tearDown();
            }
          });
    }
  }

  /** What a case does between its beginning and its end. */
  private interface Run {
    void of(Case suite) throws Throwable;
  }

  @AfterAll
  static void stop() {
    MESH.close();
  }

  @TestFactory
  Stream<DynamicTest> throughTwoAgents() {
    return Arrays.stream(Transport.values()).flatMap(transport -> cases(transport, MESH.h2));
  }

  @TestFactory
  Stream<DynamicTest> onTheSameHost() {
    return cases(Transport.NETTY, MESH.h1);
  }

  private static Stream<DynamicTest> cases(Transport transport, TestMesh.Agent server) {
    Map<String, Run> cases = new TreeMap<>();
    for (Method method : AbstractInteropTest.class.getMethods()) {
      if (method.isAnnotationPresent(org.junit.Test.class)) {
        cases.put(method.getName().replace('_', '-'), suite -> invoke(method, suite));
      }
    }
    assertThat(cases).as("cases that the suite marks").hasSizeGreaterThan(30);
    // Those that it leaves to whoever knows that the server can do it.
    cases.put("clientCompressedUnary", suite -> suite.clientCompressedUnary(false));
    cases.put("clientCompressedStreaming", suite -> suite.clientCompressedStreaming(false));
    cases.put("serverCompressedStreaming", AbstractInteropTest::serverCompressedStreaming);
    return cases.entrySet().stream()
        .map(entry -> new Case(transport, server, entry.getKey()).test(entry.getValue()));
  }

  private static void invoke(Method method, Case suite) throws Throwable {
    try {
      method.invoke(suite);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }
}
