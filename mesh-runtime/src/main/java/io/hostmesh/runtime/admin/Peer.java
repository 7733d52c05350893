package io.hostmesh.runtime.admin;

/**
 * Who is at the other end of an admin socket, by the kernel's word (unix(7), SO_PEERCRED).
 *
 * @param pid 0 where the kernel does not say
 */
public record Peer(int uid, int gid, int pid) {}
