/** Facts out: metrics under the names that dashboards know, and the access log. */
@NullMarked
package io.hostmesh.agent.telemetry;

import org.jspecify.annotations.NullMarked;
