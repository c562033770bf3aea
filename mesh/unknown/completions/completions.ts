import { BACKEND_TLS_POLICY } from "./backend-tls-policy.js";
import { DESTINATION_RULE } from "./destination-rule.js";
import { ENDPOINTS, ENDPOINT_SLICE } from "./endpoints.js";
import { PEER_AUTHENTICATION, SIDECAR, VIRTUAL_SERVICE } from "./scopes.js";
import { SERVICE_ENTRY } from "./service-entry.js";
import { SERVICE } from "./service.js";
import type { CompletionRows, CompletionContext, Values } from "./values.js";
import { POD, WORKLOAD_ENTRY } from "./workloads.js";
import type { Kind } from "../../input/kinds.js";
import { text, type Plain } from "../../input/plain.js";
import { ABSENT, type Path } from "../../input/unknowns.js";

/**
 * What an unknown value could turn out to be. Infinitely many values are possible, but only so
 * many make a difference to one question (an alias, a client): the table gives one of each kind.
 * A place that isn't in the table makes no difference to whether ISTIO_MUTUAL is meant.
 */

const TABLE: Readonly<Record<Kind, CompletionRows> & Partial<Record<string, CompletionRows>>> = {
  DestinationRule: DESTINATION_RULE,
  Service: SERVICE,
  EndpointSlice: ENDPOINT_SLICE,
  Endpoints: ENDPOINTS,
  ServiceEntry: SERVICE_ENTRY,
  Sidecar: SIDECAR,
  VirtualService: VIRTUAL_SERVICE,
  PeerAuthentication: PEER_AUTHENTICATION,
  Pod: POD,
  WorkloadEntry: WORKLOAD_ENTRY,
  BackendTLSPolicy: BACKEND_TLS_POLICY,
};

function rowFor(object: Plain, path: Path): Values | undefined {
  const place = path.join(".");
  return TABLE[text(object.kind)]?.find(([pattern]) => pattern.test(place))?.[1];
}

/** Whether an unknown value at this place can make a difference. */
export function hasCompletions(object: Plain, path: Path): boolean {
  return rowFor(object, path) !== undefined;
}

/** The values to try at an unknown place, each once. */
export function completionsOf(
  object: Plain,
  path: Path,
  context: CompletionContext,
): readonly unknown[] {
  const values = rowFor(object, path)?.(context) ?? [];
  const distinct = new Map(
    values.map((value) => [value === ABSENT ? "" : JSON.stringify(value), value]),
  );
  return [...distinct.values()];
}
