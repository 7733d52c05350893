/** The keys that sign JWT-SVIDs: made, told to the other citadels, changed in time. */
@NullMarked
package io.hostmesh.citadel.jwt;

import org.jspecify.annotations.NullMarked;
