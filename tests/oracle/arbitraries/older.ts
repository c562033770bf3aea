/** Meshes as an older Istio can have them, without what its istiod doesn't answer in one way. */
import {
  at,
  externalNameIsAlias,
  isBefore,
  type KubeObject,
  type Plain,
  text,
} from "../../../mesh/index.js";
import type { Generation } from "../generations.js";

/** The objects as a mesh of that generation has them. */
export function asOf({ facts, profile }: Generation, objects: KubeObject[]): KubeObject[] {
  const replaced = replace(objects, [
    // Not in the API before Istio 1.28, and no profile takes it away.
    ...(profile !== undefined || isBefore(28, facts) ? [DYNAMIC_DNS] : []),
    // What no compatibility profile brings back: the newer istiod knows only its own way.
    ...(profile !== undefined && isBefore(26, facts) ? [CREDENTIAL_IN_CONFIG_MAP] : []),
    ...(profile !== undefined && isBefore(30, facts) ? [SELECTOR_WITHOUT_LABELS] : []),
  ]);
  // Read by default from Istio 1.30, which no profile takes away.
  const read = isBefore(30, facts) ? replaced.filter(({ kind }) => kind !== "TLSRoute") : replaced;
  return externalNameIsAlias(facts)
    ? read
    : read.filter((object) => !isSliceOfExternalName(object, read));
}

type Replacement = [what: string, by: string];

const DYNAMIC_DNS: Replacement = ['"DYNAMIC_DNS"', '"NONE"'];
const CREDENTIAL_IN_CONFIG_MAP: Replacement = ['"configmap://n/roots"', '"secret"'];
const SELECTOR_WITHOUT_LABELS: Replacement = [
  '"workloadSelector":{"labels":{}}',
  '"workloadSelector":{"labels":{"app":"a"}}',
];

function replace(objects: KubeObject[], replacements: Replacement[]): KubeObject[] {
  if (replacements.length === 0) return objects;
  const written = JSON.stringify(objects);
  return JSON.parse(
    replacements.reduce((before, [what, by]) => before.replaceAll(what, by), written),
  ) as KubeObject[];
}

/** Where an ExternalName is a cluster, its slices and its name overwrite each other: the last one counts. */
function isSliceOfExternalName(slice: Plain, objects: readonly Plain[]): boolean {
  if (slice.kind !== "EndpointSlice") return false;
  const name = at(slice, "metadata", "labels", "kubernetes.io/service-name");
  return objects.some(
    (object) =>
      object.kind === "Service" &&
      text(at(object, "spec", "type")) === "ExternalName" &&
      at(object, "metadata", "name") === name &&
      at(object, "metadata", "namespace") === at(slice, "metadata", "namespace"),
  );
}
