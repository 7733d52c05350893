package io.hostmesh.agent.balance;

import org.jspecify.annotations.Nullable;

/** The parts of a request, or of a bare connection, that instances may be chosen by. */
public interface RequestKeys {
  /** Nothing is known. */
  RequestKeys NONE =
      new RequestKeys() {
        @Override
        public @Nullable String header(String lowerCaseName) {
          return null;
        }

        @Override
        public @Nullable String cookie(String name) {
          return null;
        }

        @Override
        public @Nullable String query(String name) {
          return null;
        }

        @Override
        public @Nullable String sourceAddress() {
          return null;
        }
      };

  /** The first value of a header, or null. */
  @Nullable String header(String lowerCaseName);

  /** The value of a cookie, or null. */
  @Nullable String cookie(String name);

  /** The first value of a query parameter, decoded, or null. */
  @Nullable String query(String name);

  /** The address that the caller called from, or null. */
  @Nullable String sourceAddress();
}
