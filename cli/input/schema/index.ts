import { groupOf, isPlain } from "../../../mesh/index.js";
import type { Fault } from "../fault.js";
import { isOfApiServer } from "./core.js";
import type { CrdKind } from "./crds.js";
import { defaulted } from "./defaults.js";
import gatewaySchemas from "./gateway-schemas.json";
import { CORE_KINDS } from "./openapi.js";
import schemas from "./schemas.json";
import { schemaFault } from "./structural.js";
import { nearest } from "./suggestions.js";

const ISTIO_KINDS = new Map(Object.entries(schemas as unknown as Record<string, CrdKind>));
const GATEWAY_KINDS = new Map(
  Object.entries(gatewaySchemas.kinds as unknown as Record<string, CrdKind>),
);
const ISTIO_GROUPS = new Set([...ISTIO_KINDS.values()].map(({ group }) => group));
const GATEWAY_GROUPS = new Set([...GATEWAY_KINDS.values()].map(({ group }) => group));

const OTHERS: Record<string, { group: string; versions: readonly string[] }> = Object.fromEntries(
  Object.entries(CORE_KINDS).map(([kind, { group, version }]) => [
    kind,
    { group, versions: [version] },
  ]),
);

interface Typed {
  apiVersion: string;
  kind: string;
}

/** A kind or a version that no API server with Istio and the Gateway API has. */
export function kindFault({ apiVersion, kind }: Typed): Fault | undefined {
  const group = groupOf(apiVersion);
  const crds = crdsOf(group);
  const known = crds ? crds.get(kind) : OTHERS[kind];
  if (known?.group === group) return versionFault(apiVersion, kind, known);
  const kinds = [...(crds ?? ISTIO_KINDS), ...Object.entries(OTHERS)].filter(
    ([, other]) => other.group === group,
  );
  const names = kinds.map(([name]) => name);
  if (crds) {
    const near = nearest(kind, names);
    const instead = near === undefined ? `; there are ${names.join(", ")}` : `; write ${near}`;
    return { path: ["kind"], given: kind, message: `${group} has no ${kind}${instead}` };
  }
  const sameButCase = names.find((name) => name.toLowerCase() === kind.toLowerCase());
  if (sameButCase !== undefined) {
    return {
      path: ["kind"],
      given: kind,
      message: `there is no kind ${kind}; write ${sameButCase}`,
    };
  }
  const istios = group === "" ? ISTIO_KINDS.get(kind) : undefined;
  if (!istios) return undefined;
  const message = `${kind} isn't of ${apiVersion}; write ${istios.group}/${istios.versions[0]}`;
  return { path: ["apiVersion"], given: apiVersion, message };
}

/** The kinds of a group that has schemas here. */
function crdsOf(group: string): ReadonlyMap<string, CrdKind> | undefined {
  if (ISTIO_GROUPS.has(group)) return ISTIO_KINDS;
  return GATEWAY_GROUPS.has(group) ? GATEWAY_KINDS : undefined;
}

function versionFault(
  apiVersion: string,
  kind: string,
  { group, versions }: { group: string; versions: readonly string[] },
): Fault | undefined {
  const names = versions.map((version) => (group === "" ? version : `${group}/${version}`));
  if (names.includes(apiVersion) || isOfExperiment(apiVersion)) return undefined;
  const message = `there is no ${kind} of ${apiVersion}; write ${names.join(" or ")}`;
  return { path: ["apiVersion"], given: apiVersion, message };
}

/** Releases of the Gateway API have alpha versions of their own, with other fields. */
function isOfExperiment(apiVersion: string): boolean {
  return GATEWAY_GROUPS.has(groupOf(apiVersion)) && /\/v1alpha\d+$/.test(apiVersion);
}

const TOP = ["apiVersion", "kind", "metadata", "spec", "status"];

/** The first thing that the API server would refuse of an object of Istio's, or of the Gateway API. */
export function crdFault(object: Typed): Fault | undefined {
  const group = groupOf(object.apiVersion);
  const kind = crdsOf(group)?.get(object.kind);
  if (kind?.group !== group || isOfExperiment(object.apiVersion)) return undefined;
  // What an API server has given out may be of a newer Gateway API than the one that is pinned.
  if (GATEWAY_GROUPS.has(group) && isOfApiServer(object)) return undefined;
  const unknown = Object.keys(object).find((field) => !TOP.includes(field));
  if (unknown !== undefined) {
    const instead = nearest(unknown, TOP);
    const message = `there is no such field; ${instead === undefined ? `there are ${TOP.join(", ")}` : `write ${instead}`}`;
    return { path: [unknown], given: unknown, atKey: true, message };
  }
  const { spec } = object as { spec?: unknown };
  if (spec === undefined || spec === null) {
    return kind.isSpecRequired
      ? {
          path: [],
          given: isPlain(object) ? Object.keys(object) : object,
          message: "spec is missing",
        }
      : undefined;
  }
  return schemaFault(defaulted(spec, kind.spec), kind.spec, ["spec"]);
}
