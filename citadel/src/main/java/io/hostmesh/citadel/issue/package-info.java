/**
 * From a request to a certificate: who asks, what that node may have, the signature and its
 * judgement.
 */
@NullMarked
package io.hostmesh.citadel.issue;

import org.jspecify.annotations.NullMarked;
