import { BACKEND_TLS_POLICY } from "./completions/backend-policy.js";
import { DESTINATION_RULE } from "./completions/destination-rule.js";
import { ENDPOINTS, ENDPOINT_SLICE } from "./completions/endpoints.js";
import { PEER_AUTHENTICATION, SIDECAR, VIRTUAL_SERVICE } from "./completions/scopes.js";
import { SERVICE_ENTRY } from "./completions/service-entry.js";
import { SERVICE } from "./completions/service.js";
import type { Rows, Surroundings, Values } from "./completions/values.js";
import { POD, WORKLOAD_ENTRY } from "./completions/workloads.js";
import { text, type Plain } from "./fields.js";
import { ABSENT, type Path } from "./unknowns.js";

/**
 * What an unknown value could turn out to be. Infinitely many values are possible, but only so
 * many make a difference to one question (an alias, a client): the table gives one of each kind.
 * A place that isn't in the table makes no difference to whether ISTIO_MUTUAL is meant.
 */

const TABLE: Readonly<Record<string, Rows>> = {
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
export function matters(object: Plain, path: Path): boolean {
  return rowFor(object, path) !== undefined;
}

/** The values to try at an unknown place, each once. */
export function completionsOf(object: Plain, path: Path, around: Surroundings): readonly unknown[] {
  const values = rowFor(object, path)?.(around) ?? [];
  const distinct = new Map(
    values.map((value) => [value === ABSENT ? "" : JSON.stringify(value), value]),
  );
  return [...distinct.values()];
}
