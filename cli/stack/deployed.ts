import { type AdapterOptions, type StackCluster, stackClusters } from "../../policies/adapter.js";
import type { SeenResource } from "../../policies/stack-object.js";

/** A resource as `pulumi stack export` writes it. */
export interface ExportedResource {
  urn: string;
  type: string;
  custom?: boolean;
  /** Pending deletion. */
  delete?: boolean;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
  parent?: string;
  /** `<urn>::<id>` */
  provider?: string;
}

/** The Kubernetes objects of a stack as they were left by the last update, by cluster. */
export function deployedClusters(
  resources: readonly ExportedResource[],
  options: AdapterOptions = {},
): StackCluster[] {
  const standing = resources.filter((resource) => !resource.delete);
  const byUrn = new Map(standing.map((resource) => [resource.urn, resource]));
  const all = standing.map((resource) => seen(resource, byUrn));
  return stackClusters(all, options);
}

function seen(
  resource: ExportedResource,
  byUrn: ReadonlyMap<string, ExportedResource>,
): SeenResource {
  const { urn, type, inputs = {}, outputs = {}, parent, provider } = resource;
  const reference = provider?.slice(0, provider.lastIndexOf("::"));
  const found = reference === undefined ? undefined : byUrn.get(reference);
  return {
    urn,
    type,
    name: nameIn(urn),
    props: unsealed(Object.keys(outputs).length > 0 ? outputs : inputs),
    ...(parent === undefined ? {} : { parent: { urn: parent } }),
    ...(found && {
      provider: {
        type: found.type,
        urn: found.urn,
        name: nameIn(found.urn),
        props: unsealed(found.inputs ?? {}),
      },
    }),
  };
}

function nameIn(urn: string): string {
  return urn.split("::").at(-1) ?? "";
}

/** The key that marks an object as an encrypted value. */
const SECRET = "4dabf18193072939515e22adb298388d";
/** What the engine writes for text that isn't known. */
const UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** A secret isn't opened to draw a picture: it counts as not known. */
function unsealed(value: Record<string, unknown>): Record<string, unknown> {
  return JSON.parse(JSON.stringify(value), (_, field: unknown) =>
    typeof field === "object" && field !== null && SECRET in field ? UNKNOWN_TEXT : field,
  ) as Record<string, unknown>;
}
