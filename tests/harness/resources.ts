import type { PolicyResource } from "@pulumi/policy";
import type { KubeObject } from "../../mesh/index.js";

/** The parts of a resource that a test wants to say; the rest is what a plain program gives. */
export type ResourceFixture = Pick<PolicyResource, "type" | "props"> & {
  /** Pulumi's name. @default "resource" */
  name?: string;
  /** The provider's properties. @default none, as with a default provider */
  provider?: Record<string, unknown>;
  parent?: PolicyResource;
};

/** A resource as the SDK hands it to a policy, with raw properties (see run.ts for the proxy). */
export function resource({
  type,
  props,
  name = "resource",
  provider,
  parent,
}: ResourceFixture): PolicyResource {
  const fixture: PolicyResource = {
    type,
    props,
    name,
    urn: `urn:pulumi:test::test::${type}::${name}`,
    opts: {
      protect: false,
      ignoreChanges: [],
      aliases: [],
      customTimeouts: { createSeconds: 0, updateSeconds: 0, deleteSeconds: 0 },
      additionalSecretOutputs: [],
      ...(parent ? { parent: parent.urn } : {}),
    },
    dependencies: [],
    propertyDependencies: {},
    isType: () => false,
    asType: () => undefined,
  };
  if (parent) fixture.parent = parent;
  if (provider) fixture.provider = providerResource(provider);
  return fixture;
}

function providerResource(props: Record<string, unknown>): NonNullable<PolicyResource["provider"]> {
  const type = "pulumi:providers:kubernetes";
  return { type, name: "cluster", urn: `urn:pulumi:test::test::${type}::cluster`, props };
}

/** The resource that a program declares for a Kubernetes object. */
export function kubernetesResource(
  object: KubeObject,
  extra: Partial<ResourceFixture> = {},
): PolicyResource {
  return resource({
    type: kubernetesToken(object.apiVersion, object.kind),
    name: nameOf(object),
    props: object,
    ...extra,
  });
}

/** `kubernetes:core/v1:Service`, `kubernetes:networking.istio.io/v1:DestinationRule` */
export function kubernetesToken(apiVersion: string, kind: string): string {
  return `kubernetes:${apiVersion.includes("/") ? apiVersion : `core/${apiVersion}`}:${kind}`;
}

function nameOf({ kind, metadata }: KubeObject): string {
  if (typeof metadata !== "object") return kind;
  const { namespace, name } = metadata;
  return [kind, namespace, name].filter((part) => typeof part === "string").join("-");
}
