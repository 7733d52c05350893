/**
 * How connections speak: HTTP/1.1, HTTP/2 and bare bytes, each as one small model of a request or a
 * stream.
 */
@NullMarked
package io.hostmesh.agent.protocol;

import org.jspecify.annotations.NullMarked;
