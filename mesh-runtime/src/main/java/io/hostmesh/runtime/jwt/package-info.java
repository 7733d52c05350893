/** JWT-SVIDs: identities as tokens, and the keys that they are judged by. */
@NullMarked
package io.hostmesh.runtime.jwt;

import org.jspecify.annotations.NullMarked;
