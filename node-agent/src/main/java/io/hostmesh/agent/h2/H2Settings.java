package io.hostmesh.agent.h2;

/**
 * How a connection is set up.
 *
 * @param server whether the peer opens the streams
 * @param maxStreams at a time; the peer's streams for a server, ours for a client
 * @param streamWindow bytes of one stream that may be on their way to us
 * @param connectionWindow the same for all streams together
 * @param maxHeaderList of one message, each header counted with 32 bytes more (RFC 9113 section
 *     6.5.2)
 * @param resets streams that the peer may give up at once, and in 30 s
 */
public record H2Settings(
    boolean server,
    int maxStreams,
    int streamWindow,
    int connectionWindow,
    int maxHeaderList,
    int resets) {}
