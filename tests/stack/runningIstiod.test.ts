import assert from "node:assert/strict";
import type { KubernetesObject } from "@kubernetes/client-node";
import { readCluster } from "../../cli/input/cluster.js";
import { ApiServer } from "../../cli/kube/api-server.js";
import { Progress } from "../../cli/progress.js";
import type { IstiodPorts } from "../../local/sidecar.js";
import { sidecarClusters } from "../../local/sidecar.js";
import { type Client, clustersOf, readMesh } from "../../mesh/index.js";
import { eventually } from "../local/eventually.js";
import { objectsIn } from "./kube.js";
import { MESHES, NAMESPACES } from "./runningMeshes.js";
import { sharedPlane } from "./sharedPlane.js";

/** Whom istiod is asked as: sidecars of no Pod, known by namespace and labels alone. */
const CLIENTS: Client[] = [
  ...NAMESPACES.map((namespace) => ({ namespace })),
  { namespace: NAMESPACES[0], labels: { app: "special" } },
];

/** In process istiod has no API server: no mirroring, no cluster IPs, no admission, no controllers. */
describe("the model and the running istiod, on what an API server and its controllers make of objects", function () {
  this.timeout(120_000);
  let kubeconfig: string;
  let server: ApiServer;
  let istiod: IstiodPorts;

  const remove = async (objects: readonly KubernetesObject[]) => {
    for (const object of objects.toReversed()) await objectsIn(kubeconfig).delete(object);
  };

  before(async () => {
    const { plane } = await sharedPlane();
    ({ kubeconfig, istiod } = plane);
    server = await ApiServer.from({ kubeconfig });
    for (const object of namespaces) await objectsIn(kubeconfig).create(object);
  });
  after(async () => {
    await remove(namespaces);
    await eventually(async () => {
      const { items } = await objectsIn(kubeconfig).list("v1", "Namespace");
      return items.every(({ metadata }) => !isOurs(metadata?.name)) || undefined;
    });
  });

  for (const { about, objects, shows } of MESHES) {
    it(`agree on ${about}`, async () => {
      const created: KubernetesObject[] = [];
      try {
        for (const object of objects) created.push(await objectsIn(kubeconfig).create(object));
        await eventually(async () => {
          const [model, sent] = [await modelled(), await answered()];
          assert.deepEqual(model, sent);
          for (const line of shows)
            assert.ok(sent.includes(line), `${line} in\n${sent.join("\n")}`);
          return true;
        });
      } finally {
        await remove(created);
      }
    });
  }

  /** What the model makes of all that is in the cluster, as \`judge --kube\` reads it. */
  async function modelled(): Promise<string[]> {
    const { manifests } = await readCluster(server, {}, new Progress());
    const mesh = readMesh(manifests.map(({ object }) => object));
    return CLIENTS.flatMap((client) =>
      clustersOf(mesh, client).map((one) => line(client, one)),
    ).sort();
  }

  /** What istiod sends. */
  async function answered(): Promise<string[]> {
    const asked = CLIENTS.map(async (client, index) => {
      const [ip, pod] = [`10.255.0.${index + 1}`, `nobody-${index}`];
      const { namespace, labels = {} } = client;
      const clusters = await sidecarClusters(istiod, { ip, pod, namespace, labels });
      return clusters.map((one) => line(client, one));
    });
    return (await Promise.all(asked)).flat().sort();
  }
});

const namespaces = NAMESPACES.map((name) => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name },
}));

function isOurs(name: string | undefined): boolean {
  return NAMESPACES.some((own) => own === name);
}

interface Sent {
  host: string;
  port: number;
  subset: string;
  tls: string;
  rule?: { namespace: string; name: string };
}

/** `near: my-api.far.svc.cluster.local:443 v1 PLAIN by far/rule` */
function line({ namespace, labels }: Client, { host, port, subset, tls, rule }: Sent): string {
  const who = labels ? `${namespace} (${Object.values(labels).join()})` : namespace;
  const where = `${host}:${port}${subset && ` ${subset}`}`;
  return `${who}: ${where} ${tls}${rule ? ` by ${rule.namespace}/${rule.name}` : ""}`;
}
