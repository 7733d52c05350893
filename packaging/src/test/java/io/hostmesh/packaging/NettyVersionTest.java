package io.hostmesh.packaging;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Vert.x and gRPC bring versions of Netty along; ours wins, in every artifact. */
class NettyVersionTest {
  private static final String VERSIONS = "META-INF/io.netty.versions.properties";

  @Test
  void everyNettyArtifactIsOfTheVersionInTheParentPom() throws IOException {
    String expected = System.getProperty("netty.version", "");

    Map<String, String> versions = versions();

    assertThat(versions).containsKeys("netty-common", "netty-handler", "netty-codec-http2");
    assertThat(versions).allSatisfy((artifact, version) -> assertThat(version).isEqualTo(expected));
  }

  private static Map<String, String> versions() throws IOException {
    Map<String, String> versions = new TreeMap<>();
    ClassLoader loader = NettyVersionTest.class.getClassLoader();
    List<URL> files = new ArrayList<>(Collections.list(loader.getResources(VERSIONS)));
    for (URL file : files) {
      Properties properties = new Properties();
      try (InputStream in = file.openStream()) {
        properties.load(in);
      }
      for (String key : properties.stringPropertyNames()) {
        if (key.endsWith(".version") && !key.startsWith("netty-tcnative")) {
          versions.put(
              key.substring(0, key.length() - ".version".length()), properties.getProperty(key));
        }
      }
    }
    return versions;
  }
}
