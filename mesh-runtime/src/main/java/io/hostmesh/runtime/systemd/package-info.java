/** What systemd and a service tell each other. */
@NullMarked
package io.hostmesh.runtime.systemd;

import org.jspecify.annotations.NullMarked;
