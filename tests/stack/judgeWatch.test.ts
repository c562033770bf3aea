import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import {
  CoreV1Api,
  type CoreV1Event,
  KubeConfig,
  type KubernetesObject,
  PatchStrategy,
} from "@kubernetes/client-node";
import { parseAllDocuments } from "yaml";
import { meshTools } from "../../cli/embedded.js";
import { startPlane } from "../../local/plane.js";
import { runningProcesses } from "../../local/processes.js";
import { REPOSITORY } from "../../local/toolchain/cache.js";
import { eventually } from "../local/eventually.js";
import { objectsIn } from "./kube.js";
import { ownPlane, type TestPlane } from "./ownPlane.js";
import { Watching } from "./watching.js";

const MANIFEST = path.join(REPOSITORY, "docs/watch/deployment.yaml");
const HOST = "wiki.shop.svc.cluster.local";

type Applied = KubernetesObject & Record<string, unknown>;

const WIKI: Applied[] = [
  { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } },
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "wiki", namespace: "shop" },
    spec: { ports: [{ name: "tls", port: 443 }] },
  },
  {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: "wiki",
      namespace: "shop",
      labels: { "kubernetes.io/service-name": "wiki" },
    },
    addressType: "IPv4",
    endpoints: [{ addresses: ["198.51.100.7"] }],
    ports: [{ name: "tls", port: 443 }],
  },
];

/** A rule that sends Istio's mutual TLS to the alias. */
const wrong = (name: string): Applied => ({
  apiVersion: "networking.istio.io/v1",
  kind: "DestinationRule",
  metadata: { name, namespace: "shop" },
  spec: { host: HOST, trafficPolicy: { tls: { mode: "ISTIO_MUTUAL" } } },
});

/** What the manifest makes, with names of this test's cluster. */
function manifest(): Applied[] {
  return parseAllDocuments(readFileSync(MANIFEST, "utf8")).map((one) => one.toJS() as Applied);
}

/** A kubeconfig of the manifest's ServiceAccount, which may do no more than that. */
async function kubeconfigOfTheAccount({ plane, folder }: TestPlane): Promise<string> {
  const config = new KubeConfig();
  config.loadFromFile(plane.kubeconfig);
  const account = manifest().find(({ kind }) => kind === "ServiceAccount")!.metadata!;
  const { status } = await config.makeApiClient(CoreV1Api).createNamespacedServiceAccountToken({
    name: account.name!,
    namespace: account.namespace!,
    body: { spec: { audiences: [], expirationSeconds: 3600 } },
  });
  const [cluster] = config.clusters;
  const own = new KubeConfig();
  own.loadFromClusterAndUser(cluster!, { name: "watch", token: status!.token });
  const file = path.join(folder, "watch.kubeconfig");
  writeFileSync(file, own.exportConfig(), { mode: 0o600 });
  return file;
}

describe("judge --watch, on a real API server", function () {
  this.timeout(240_000);
  let on: TestPlane;
  let watching: Watching;

  before(async () => {
    on = await ownPlane();
    const objects = objectsIn(on.plane.kubeconfig);
    for (const object of manifest()) {
      if (object.kind !== "Deployment") await objects.create(object);
    }
    for (const object of WIKI) await objects.create(object);
    watching = await Watching.start(await kubeconfigOfTheAccount(on));
  });
  after(async () => {
    watching?.stop();
    await on?.stop();
  });

  const create = (object: Applied) => objectsIn(on.plane.kubeconfig).create(object);
  const remove = (object: Applied) => objectsIn(on.plane.kubeconfig).delete(object);

  it("is deployed by a manifest that the API server takes", async () => {
    const deployment = manifest().find(({ kind }) => kind === "Deployment")!;
    await objectsIn(on.plane.kubeconfig).create(deployment, undefined, "All");
  });

  it("reports a violation soon after the rule is there, with the rights of the manifest alone", async () => {
    assert.deepEqual(watching.lines, []);
    assert.doesNotMatch(watching.notes, /can't be read|broke off|no text|Warning/);
    assert.equal(await watching.health(), 200);
    await create(wrong("mtls"));
    const milliseconds = await watching.told("violation", "shop/mtls");
    // Less than 200 ms where nothing else runs; here other tests may.
    assert.ok(milliseconds < 2_000, `${milliseconds} ms`);
  });

  it("answers Prometheus with violations by alias and rule", async () => {
    const metrics = await watching.metrics();
    assert.match(
      metrics,
      /^istio_egress_violations\{alias="shop\/wiki",rule="shop\/mtls"\} [1-9]/m,
    );
    assert.match(metrics, /^istio_egress_aliases [1-9]\d*$/m);
    assert.match(metrics, /^istio_egress_ready 1$/m);
    assert.match(metrics, /^process_resident_memory_bytes [1-9]/m);
  });

  it("writes an Event on the rule", async () => {
    const config = new KubeConfig();
    config.loadFromFile(on.plane.kubeconfig);
    const api = config.makeApiClient(CoreV1Api);
    const event = await eventually<CoreV1Event>(async () => {
      const { items } = await api.listNamespacedEvent({ namespace: "shop" });
      return items.find(({ reason }) => reason === "EgressTlsViolation");
    });
    assert.equal(event.type, "Warning");
    assert.equal(event.involvedObject.name, "mtls");
    assert.match(
      event.message ?? "",
      /^shop\/wiki .*Istio's mutual TLS is sent to a server outside/,
    );
    assert.doesNotMatch(watching.notes, /Event can't be written/);
  });

  it("ends with a message", async () => {
    await remove(wrong("mtls"));
    await watching.told("resolved", "shop/mtls");
    assert.doesNotMatch(await watching.metrics(), /^istio_egress_violations\{/m);
  });

  it("judges anew as istiod's ConfigMap changes", async () => {
    const rule = { ...wrong("root"), metadata: { name: "root", namespace: "istio-system" } };
    const violations = async () => {
      const line =
        /^istio_egress_violations\{alias="shop\/wiki",rule="istio-system\/root"\} (\d+)$/m;
      return Number(line.exec(await watching.metrics())?.[1] ?? 0);
    };
    await create(rule);
    await watching.told("violation", "istio-system/root");
    const everywhere = await violations();
    const api = objectsIn(on.plane.kubeconfig);
    const name = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "istio", namespace: "istio-system" },
    };
    const { data } = (await api.read<KubernetesObject & { data: { mesh: string } }>(name)) as {
      data: { mesh: string };
    };
    const write = async (mesh: string) => {
      const change = { ...name, data: { mesh } };
      const as = PatchStrategy.MergePatch;
      await api.patch(change, undefined, undefined, undefined, undefined, as);
    };
    // Rules of the old root namespace are for its own clients alone then.
    await write(data.mesh.replace(/^rootNamespace: .*$/m, "rootNamespace: mesh-root"));
    await eventually(async () => (await violations()) < everywhere || undefined);
    await write(data.mesh);
    await eventually(async () => (await violations()) === everywhere || undefined);
    await remove(rule);
    await watching.told("resolved", "istio-system/root");
  });

  it("loses nothing that happens while it sleeps and the API server is killed and started again", async () => {
    await create(wrong("before"));
    await watching.told("violation", "shop/before");
    // It can't hear what happens, and the API server that comes after doesn't know the old versions.
    watching.child.kill("SIGSTOP");
    await remove(wrong("before"));
    await create(wrong("meanwhile"));
    const stateDir = path.join(on.folder, "plane");
    const server = runningProcesses(stateDir).find(({ name }) => name === "kube-apiserver")!;
    process.kill(server.pid, "SIGKILL");
    const { repaired, apiServer } = await startPlane({ stateDir, tools: meshTools(on.toolchain) });
    assert.ok(repaired.some(({ name }) => name === "kube-apiserver"));
    assert.equal(apiServer, on.plane.apiServer);
    watching.child.kill("SIGCONT");
    await watching.told("resolved", "shop/before");
    await watching.told("violation", "shop/meanwhile");
    await create(wrong("afterwards"));
    await remove(wrong("meanwhile"));
    await watching.told("resolved", "shop/meanwhile");
    assert.equal(watching.child.exitCode, null);
    const metrics = await watching.metrics();
    assert.match(metrics, /^istio_egress_watch_interruptions_total\{.*\} [1-9]/m);
    assert.match(
      metrics,
      /^istio_egress_watch_relists_total\{resource="destinationrules"\} [1-9]/m,
    );
  });
});
