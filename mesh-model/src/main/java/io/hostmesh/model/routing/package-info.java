/** What becomes of a request by its service's rules: pure, for agents and for whoever only asks. */
@NullMarked
package io.hostmesh.model.routing;

import org.jspecify.annotations.NullMarked;
