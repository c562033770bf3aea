import type { PolicyResource } from "@pulumi/policy";
import { type KubeObject, type ObjectRef, UNKNOWN } from "../mesh/index.js";
import { map, optionalText } from "./fields.js";

/** The part of a Pulumi resource that is read; resource rules and stack rules both have it. */
export type SeenResource = Pick<PolicyResource, "type" | "name" | "urn" | "props" | "provider"> & {
  parent?: { urn: string };
};

/** A Kubernetes object of the stack and the resource it came from. */
export interface StackObject {
  object: KubeObject;
  urn: string;
  /** Pulumi's name of the resource: what is left to name it by where `metadata.name` isn't known. */
  logicalName: string;
  /** Pulumi's name of the provider that writes it; "default" for the default one. */
  provider: string;
  /** Whether it is a patch of an object that may live elsewhere. */
  patch: boolean;
}

/** A StackObject as its resource has it. */
export interface SeenObject extends StackObject {
  /** The way to it in the resource's properties; empty unless it is an item of a list. */
  path: readonly (string | number)[];
}

/** Names an object; unknown parts are empty. */
export function refOf({ object }: { object: KubeObject }): ObjectRef {
  const metadata = object.metadata === UNKNOWN ? {} : object.metadata;
  return {
    kind: object.kind,
    namespace: known(metadata.namespace),
    name: known(metadata.name),
  };
}

/** Names an object among those of a cluster, as a key. */
export function identity(seen: { object: KubeObject }): string {
  return keyOf(refOf(seen));
}

/** The same of what is only named. */
export function keyOf({ kind, namespace, name }: ObjectRef): string {
  return `${kind}/${namespace}/${name}`;
}

/** The Service that Endpoints or an EndpointSlice belong to; undefined for anything else. */
export function serviceOf({ object }: { object: KubeObject }): ObjectRef | undefined {
  const { namespace, name } = refOf({ object });
  if (object.kind === "Endpoints") return { kind: "Service", namespace, name };
  if (object.kind !== "EndpointSlice") return undefined;
  const owner = optionalText(map(map(object.metadata).labels)["kubernetes.io/service-name"]);
  return owner === undefined ? undefined : { kind: "Service", namespace, name: owner };
}

function known(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** `namespace/name`, as waivers name objects. */
export function fullName({ namespace, name }: { namespace: string; name: string }): string {
  return `${namespace}/${name}`;
}
