/** The unix socket over which operators talk to a daemon. */
@NullMarked
package io.hostmesh.runtime.admin;

import org.jspecify.annotations.NullMarked;
