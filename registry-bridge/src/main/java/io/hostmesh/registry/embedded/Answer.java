package io.hostmesh.registry.embedded;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import io.vertx.core.buffer.Buffer;

/** What a request is answered: a status and a body of some type. */
record Answer(int status, String type, Buffer body) {
  static final Answer NOTHING = new Answer(200, "text/plain", Buffer.buffer());
  static final Answer NOT_FOUND = new Answer(404, "text/plain", Buffer.buffer());

  static Answer json(JsonNode json) {
    return new Answer(200, "application/json", Buffer.buffer(json.toString()));
  }

  static Answer json(boolean done) {
    return json(BooleanNode.valueOf(done));
  }

  static Answer text(int status, String text) {
    return new Answer(status, "text/plain", Buffer.buffer(text));
  }

  static Answer raw(byte[] bytes) {
    return new Answer(200, "application/octet-stream", Buffer.buffer(bytes));
  }
}
