import { z } from "zod";
import { type ApiServer, Refusal, type Resource } from "../kube/api-server.js";
import { Mistake } from "../mistake.js";
import type { Progress } from "../progress.js";
import type { Manifest } from "./manifests.js";
import { injectorName, meshConfigName, readInjectorValues, readMeshConfig } from "./mesh-config.js";
import { KINDS, kindSpec, type KubeObject, type MeshFacts } from "../../mesh/index.js";

/**
 * What is read of a cluster, with `list` and nothing else. Beside what decides about TLS: Deployments,
 * which show what clients are gateways.
 */
export const RESOURCES: readonly Resource[] = [
  { path: "/api/v1", plural: "namespaces" },
  { path: "/apis/apps/v1", plural: "deployments" },
  ...Object.keys(KINDS).flatMap((kind) => resourceOf(kind, undefined)),
];

/** What a cluster may not have, or not show to everyone, beside Istio's own. */
export const OPTIONAL_RESOURCES: readonly Resource[] = [
  { path: "/apis/networking.istio.io/v1alpha3", plural: "envoyfilters" },
  { path: "/apis/networking.istio.io/v1beta1", plural: "gateways" },
  { path: "/apis/gateway.networking.k8s.io/v1", plural: "gatewayclasses" },
  { path: "/apis/gateway.networking.k8s.io/v1", plural: "gateways" },
  { path: "/apis/gateway.networking.k8s.io/v1", plural: "httproutes" },
  { path: "/apis/gateway.networking.k8s.io/v1", plural: "grpcroutes" },
  ...Object.keys(KINDS).flatMap((kind) => resourceOf(kind, "optional")),
];

function resourceOf(kind: string, as: "optional" | undefined): Resource[] {
  const { group, version, plural, listed } = kindSpec(kind)!;
  const path = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  return listed === as ? [{ path, plural }] : [];
}

/** A live cluster, as {@link readCluster} found it. */
export interface LiveMesh {
  manifests: Manifest[];
  /** What the cluster itself says of its mesh; the rest is as by default. */
  facts: Partial<MeshFacts>;
}

/**
 * Reads everything that decides about TLS from a cluster.
 * @param facts what the user said; it says where istiod's configuration is
 * @throws {Mistake} if the API server can't be reached or refuses, or Istio isn't there
 */
export async function readCluster(
  server: ApiServer,
  facts: Partial<MeshFacts>,
  progress: Progress,
): Promise<LiveMesh> {
  const manifests: Manifest[] = [];
  const read = async (resource: Resource, refused: (refusal: Refusal) => void) => {
    try {
      for await (const object of server.list(resource)) {
        manifests.push({ object: object as KubeObject });
        progress.report(() => `reading ${resource.plural}: ${manifests.length} objects so far`);
      }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      refused(error);
    }
  };
  for (const resource of RESOURCES) {
    await read(resource, (refusal) => {
      throw refusal.status === 404 ? withoutIstio(server, resource) : refusal;
    });
  }
  for (const resource of OPTIONAL_RESOURCES) {
    await read(resource, ({ status }) => {
      if (status === 404) return;
      note(`${resource.plural} can't be read (${status}); judging as if there were none.`);
    });
  }
  const { rootNamespace = "istio-system", revision = "default" } = facts;
  const configured = await meshConfig(server, rootNamespace, revision);
  const injected = await injectorValues(server, rootNamespace, revision);
  const istioVersion = versionOfIstiod(manifests, rootNamespace);
  const version = istioVersion && { istioVersion };
  return { manifests, facts: { ...configured, ...injected, ...version } };
}

/** Says that Istio isn't installed in a cluster, or not in a version with this resource. */
export function withoutIstio(server: ApiServer, { path, plural }: Resource): Mistake {
  return new Mistake(
    `the API server ${server.server} has no ${path.replace("/apis/", "")} ${plural}: Istio's CRDs are ` +
      "missing there.\nInstall Istio, or choose another cluster with --context.",
  );
}

/** istiod's ConfigMap, as far as it is read. */
export const istioConfigMap = z.object({ data: z.object({ mesh: z.string() }) });

/** meshConfig from istiod's ConfigMap; nothing where it isn't in the cluster or may not be read. */
async function meshConfig(
  server: ApiServer,
  namespace: string,
  revision: string,
): Promise<Partial<MeshFacts>> {
  const name = meshConfigName(revision);
  try {
    const path = `/api/v1/namespaces/${namespace}/configmaps/${name}`;
    const { data } = await server.get(path, istioConfigMap);
    const { facts, notes } = readMeshConfig(data.mesh, `ConfigMap ${namespace}/${name}`);
    notes.forEach(note);
    return facts;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    note(
      `ConfigMap ${namespace}/${name} can't be read (${error.status}); taking Istio's defaults.`,
    );
    return {};
  }
}

const injectorConfigMap = z.object({ data: z.object({ values: z.string() }) });

/** What the injector's values say of the calls that sidecars take; nothing where there is no injector. */
async function injectorValues(
  server: ApiServer,
  namespace: string,
  revision: string,
): Promise<Partial<MeshFacts>> {
  const name = injectorName(revision);
  try {
    const path = `/api/v1/namespaces/${namespace}/configmaps/${name}`;
    const { data } = await server.get(path, injectorConfigMap);
    return readInjectorValues(data.values, `ConfigMap ${namespace}/${name}`);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (error.status !== 404) {
      note(
        `ConfigMap ${namespace}/${name} can't be read (${error.status}); taking it that sidecars take every call.`,
      );
    }
    return {};
  }
}

function note(text: string): void {
  process.stderr.write(`note: ${text}\n`);
}

const istiodPod = z.object({
  kind: z.literal("Pod"),
  metadata: z.object({ namespace: z.string(), labels: z.object({ app: z.literal("istiod") }) }),
  spec: z.object({ containers: z.array(z.object({ image: z.string() })) }),
});

/** From the tag of istiod's own image, where istiod runs in the cluster. */
export function versionOfIstiod(
  manifests: readonly Manifest[],
  namespace: string,
): string | undefined {
  const images = manifests.flatMap(({ object }) => {
    const { success, data } = istiodPod.safeParse(object);
    return success && data.metadata.namespace === namespace ? data.spec.containers : [];
  });
  return images.flatMap(({ image }) => /:(\d+\.\d+)/.exec(image)?.[1] ?? []).sort()[0];
}
