/** A mesh of which the order of creation isn't known, and the meshes that it may turn out to be. */
import type { KubeObject, ObjectRef, Witness } from "../../mesh/index.js";
import { creationTime, isPlain, refOf, type Plain } from "../../mesh/input/plain.js";
import { ABSENT, pathText, unknownPaths, withValue } from "../../mesh/input/unknowns.js";

/** The objects without their time of creation. */
export function withoutAges(objects: readonly KubeObject[]): KubeObject[] {
  return objects.map((object) => {
    if (!isPlain(object.metadata)) return object;
    return withValue(object, ["metadata", "creationTimestamp"], ABSENT) as KubeObject;
  });
}

/** The objects created one after another in this order. */
export function createdInOrder(
  objects: readonly KubeObject[],
  ageOf: (object: KubeObject, index: number) => number,
): KubeObject[] {
  return objects.map((object, index) => {
    if (!isPlain(object.metadata)) return object;
    const creationTimestamp = new Date((ageOf(object, index) + 1) * 1000).toISOString();
    return { ...object, metadata: { ...object.metadata, creationTimestamp } };
  });
}

/** An age for what no order is about. */
const LATER = 4_000_000_000;

/** The objects as a witness says that they may turn out. */
export function completedBy(objects: readonly KubeObject[], witness: Witness): KubeObject[] {
  const ages = new Map(
    witness.oldestFirst.flatMap((order) => order.map((ref, age) => [keyOf(ref), age])),
  );
  const known = objects.map((object) => withValues(object, witness) as KubeObject);
  return createdInOrder(
    known,
    (object, index) =>
      ages.get(keyOf(refOf(object))) ?? (creationTime(object) / 1000 || LATER + index),
  );
}

function withValues(object: Plain, { values }: Witness): Plain {
  const own = values.filter((value) => keyOf(value.object) === keyOf(refOf(object)));
  // From the last place on, so that a field that is taken away moves no other.
  return unknownPaths(object)
    .reverse()
    .reduce((changed, path) => {
      const value = own.find((one) => one.path === pathText(path));
      return value ? withValue(changed, path, value.isAbsent ? ABSENT : value.value) : changed;
    }, object);
}

function keyOf({ kind, namespace, name }: ObjectRef): string {
  return `${kind} ${namespace}/${name}`;
}
