import { isPlain, type KubeObject, UNKNOWN } from "../mesh/index.js";
import { type SeenObject, type StackObject, identity, refOf } from "./stack-object.js";

/**
 * Lays every Patch resource over the object it patches. A patch of an object that isn't in the
 * stack stands alone, with what only the cluster knows left unknown; one that says nothing about
 * traffic (a label, an annotation) is left out.
 */
export function mergePatches(seen: readonly SeenObject[]): StackObject[] {
  const objects: StackObject[] = seen.filter(({ patch }) => !patch).map((whole) => ({ ...whole }));
  const byId = new Map(objects.map((object) => [identity(object), object]));
  for (const patched of seen.filter(({ patch }) => patch)) {
    const whole = isNamed(patched) ? byId.get(identity(patched)) : undefined;
    if (whole) whole.object = overlaid(whole.object, patched.object) as KubeObject;
    else if (isLive(patched.object)) objects.push(patched);
    else objects.push(...standingAlone(patched));
  }
  return objects;
}

/** Objects without a known name and namespace aren't the same for that. */
function isNamed(seen: StackObject): boolean {
  const { kind, namespace, name } = refOf(seen);
  return name !== "" && (namespace !== "" || kind === "Namespace");
}

/** Server-side apply: maps are merged, everything else is replaced (lists of a custom resource are atomic). */
function overlaid(below: unknown, above: unknown): unknown {
  if (above === undefined) return below;
  if (!isPlain(below) || !isPlain(above)) return above;
  const merged: Record<string, unknown> = { ...below };
  for (const [name, value] of Object.entries(above)) merged[name] = overlaid(below[name], value);
  return merged;
}

/** Whether the API server has answered with the whole object. */
function isLive(object: KubeObject): boolean {
  return object.metadata !== UNKNOWN && "uid" in object.metadata;
}

/** Without these an object's meaning isn't known. */
const IDENTIFYING: Record<string, string> = { DestinationRule: "host", ServiceEntry: "hosts" };

function standingAlone(patched: StackObject): StackObject[] {
  const { object } = patched;
  const spec = object.spec;
  const field = IDENTIFYING[object.kind];
  if (object.kind === "Service") return isPlain(spec) && "externalName" in spec ? [patched] : [];
  if (!field) return [patched];
  if (spec === undefined || (isPlain(spec) && Object.keys(spec).length === 0)) return [];
  if (!isPlain(spec) || field in spec) return [patched];
  return [{ ...patched, object: { ...object, spec: { ...spec, [field]: UNKNOWN } } }];
}
