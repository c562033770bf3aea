import { groupOf, isPlain } from "../../../mesh/index.js";
import type { Fault } from "../fault.js";
import definitions from "./core-schemas.json";
import { coreRuleFault } from "./core-rules.js";
import { CORE_KINDS, type Definitions, resolved } from "./openapi.js";
import { schemaFault } from "./structural.js";

const KINDS = new Map(Object.entries(CORE_KINDS));

const strict = resolved(definitions as unknown as Definitions, true);
const lenient = resolved(definitions as unknown as Definitions, false);

/**
 * The first thing that the API server would refuse of one of Kubernetes' own objects that are read:
 * a field that there isn't, a type, or what its validation says of the fields that are judged.
 */
export function coreFault(object: { apiVersion: string; kind: string }): Fault | undefined {
  const { apiVersion, kind } = object;
  if (KINDS.get(kind)?.group !== groupOf(apiVersion)) return undefined;
  // What an API server has given out may have fields of a newer Kubernetes than the one that is pinned.
  const schemas = isOfApiServer(object) ? lenient : strict;
  return schemaFault(object, schemas(kind), []) ?? coreRuleFault(object);
}

/** Whether an API server has given an object out. */
export function isOfApiServer(object: object): boolean {
  const { metadata } = object as { metadata?: unknown };
  return isPlain(metadata) && typeof metadata.uid === "string";
}
