/**
 * HTTP/2 framing (RFC 9113) for every connection of the agent: streams are plain objects, frames
 * gather in one buffer, and the buffer is flushed once in a turn of the event loop.
 */
@NullMarked
package io.hostmesh.agent.h2;

import org.jspecify.annotations.NullMarked;
