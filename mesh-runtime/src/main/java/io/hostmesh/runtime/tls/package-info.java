/** Keys, certificates and the checks on them. */
@NullMarked
package io.hostmesh.runtime.tls;

import org.jspecify.annotations.NullMarked;
