import { isPlain } from "../../mesh/index.js";
import { type Fault, fault } from "./fault.js";
import { nearest } from "./schema/suggestions.js";

/** What an object's metadata may have: ObjectMeta of the Kubernetes API. */
const FIELDS = [
  ...["name", "namespace", "labels", "annotations", "generateName", "uid", "resourceVersion"],
  ...["generation", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"],
  ...["ownerReferences", "finalizers", "managedFields", "selfLink"],
];

const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const MOST_CHARACTERS = 253;

/** The first thing that the API server would refuse of an object's metadata. */
export function metadataFault(metadata: unknown, kind: string): Fault | undefined {
  if (!isPlain(metadata)) return fault(["metadata"], metadata, "a map with at least a name");
  const unknown = Object.keys(metadata).find((field) => !FIELDS.includes(field));
  if (unknown !== undefined) {
    const near = nearest(unknown, FIELDS);
    const instead = near === undefined ? "" : `; write ${near}`;
    const message = `there is no such field${instead}`;
    return { path: ["metadata", unknown], given: unknown, atKey: true, message };
  }
  const { name, namespace } = metadata;
  if (typeof name !== "string" && name !== undefined && name !== null) {
    return fault(["metadata", "name"], name, "text (put it in quotes)");
  }
  if (!name) return { path: ["metadata"], given: metadata, message: "name is missing" };
  return nameFault(name, kind) ?? namespaceFault(namespace) ?? labelsFault(metadata);
}

function nameFault(name: string, kind: string): Fault | undefined {
  // A Service's name is one label of its host; those of other kinds may be whole hosts.
  const parts = kind === "Service" ? [name] : name.split(".");
  if (
    name.length <= MOST_CHARACTERS &&
    parts.every((part) => LABEL.test(part) || isLongPart(part, kind))
  ) {
    return undefined;
  }
  return unusable(["metadata", "name"], name);
}

/** Only hosts have parts of at most 63 characters. */
function isLongPart(part: string, kind: string): boolean {
  return kind !== "Service" && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(part);
}

function namespaceFault(namespace: unknown): Fault | undefined {
  if (namespace === undefined || namespace === null || namespace === "") return undefined;
  if (typeof namespace !== "string") {
    return fault(["metadata", "namespace"], namespace, "text (put it in quotes)");
  }
  return LABEL.test(namespace) ? undefined : unusable(["metadata", "namespace"], namespace);
}

function unusable(path: string[], given: string): Fault {
  const message =
    `${JSON.stringify(given)} isn't a name that Kubernetes takes: write lower-case letters, digits ` +
    `and "-"${path[1] === "name" ? ' (or ".", but for a Service)' : ""}, at most 63 in a row`;
  return { path, given, message };
}

function labelsFault(metadata: Record<string, unknown>): Fault | undefined {
  for (const field of ["labels", "annotations"]) {
    const given = metadata[field];
    if (given === undefined || given === null) continue;
    if (!isPlain(given)) return fault(["metadata", field], given, "a map of texts");
    const wrong = Object.entries(given).find(
      ([, text]) => typeof text !== "string" && text !== null,
    );
    if (wrong) return fault(["metadata", field, wrong[0]], wrong[1], "text (put it in quotes)");
  }
  return undefined;
}
