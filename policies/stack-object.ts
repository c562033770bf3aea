import { type KubeObject, UNKNOWN } from "../mesh/index.js";

/** A Kubernetes object of the stack and the resource it came from. */
export interface StackObject {
  object: KubeObject;
  urn: string;
  /** Pulumi's name of the resource: what is left to name it by where `metadata.name` isn't known. */
  logicalName: string;
}

/** A StackObject, and whether it is a patch of an object that may live elsewhere. */
export interface SeenObject extends StackObject {
  patch: boolean;
}

/** Names an object among those of a cluster; unknown parts are empty. */
export function identity({ object }: { object: KubeObject }): string {
  const metadata = object.metadata === UNKNOWN ? {} : object.metadata;
  return [object.kind, known(metadata.namespace), known(metadata.name)].join("/");
}

function known(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** Byte order: the same everywhere, unlike a locale's. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
