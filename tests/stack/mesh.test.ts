import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { V1EndpointSlice, V1Pod } from "@kubernetes/client-node";
import { meshTools } from "../../cli/embedded.js";
import { type Plane, startPlane, stopPlane } from "../../local/plane.js";
import { type SidecarCluster, sidecarClusters } from "../../local/sidecar.js";
import {
  ClusterClient,
  namespace,
  outsideService,
  sleepDeployment,
  tlsRule,
} from "../local/cluster-client.js";
import type { Tools } from "../../local/tools.js";
import { MAIN_PARTS, ensureToolchain } from "../../local/toolchain/index.js";
import { eventually } from "../local/eventually.js";
import { onTermination } from "./termination.js";

describe("what the embedded mesh does, on real parts", function () {
  this.timeout(120_000);

  const folder = mkdtempSync(join(tmpdir(), "istio-egress-mesh-"));
  const stateDir = join(folder, "plane");
  let tools: Tools;
  let plane: Plane;
  let cluster: ClusterClient;
  let isRemoved: () => void;

  const remove = async () => {
    await stopPlane(stateDir);
    rmSync(folder, { recursive: true, force: true });
  };

  before(async () => {
    isRemoved = onTermination(remove);
    tools = meshTools(await ensureToolchain(MAIN_PARTS));
    plane = await startPlane({ stateDir, tools });
    cluster = new ClusterClient(plane);
    await cluster.create(namespace("meshed", { "istio-injection": "enabled" }));
    await cluster.create(namespace("plain"));
  });

  after(async () => {
    await remove();
    isRemoved();
  });

  it("injects a sidecar where the namespace is labelled, and every Pod becomes ready", async () => {
    await cluster.create(sleepDeployment("meshed"));
    await cluster.create(sleepDeployment("plain"));
    const meshed = await eventually(() => cluster.readyPod("meshed"));
    const plain = await eventually(() => cluster.readyPod("plain"));
    assert.deepEqual(containersOf(meshed), ["istio-proxy", "sleep"]);
    assert.deepEqual(containersOf(plain), ["sleep"]);
    assert.match(meshed.status?.podIP ?? "", /^10\.244\./);
  });

  it("refuses a broken DestinationRule that carries no revision, in istiod's words", async () => {
    const rule = tlsRule("plain", "broken", "my-*.plain.svc.cluster.local", "DISABLE");
    await assert.rejects(cluster.create(rule), /admission webhook .* denied the request/);
  });

  it("mirrors Endpoints to EndpointSlices, which are all that istiod reads", async () => {
    for (const object of outsideService("plain", "outside", "203.0.113.7")) {
      await cluster.create(object);
    }
    const slice = await eventually(async () => {
      const api = "discovery.k8s.io/v1";
      const slices = await cluster.list<V1EndpointSlice>(api, "EndpointSlice", "plain");
      return slices.find(({ endpoints }) => endpoints[0]?.addresses[0] === "203.0.113.7");
    });
    assert.equal(slice.metadata?.labels?.["kubernetes.io/service-name"], "outside");
  });

  it("sends a sidecar its clusters with their TLS, rule and endpoints", async () => {
    const host = "outside.plain.svc.cluster.local";
    const pod = await eventually(() => cluster.readyPod("meshed"));
    const expected: Pick<SidecarCluster, "host" | "port" | "subset" | "discovery" | "endpoints"> = {
      host,
      port: 443,
      subset: "",
      discovery: "EDS",
      endpoints: [{ address: "203.0.113.7:443", istioMutual: false }],
    };
    const seen = (tls: string) =>
      eventually(async () => {
        const [found] = (await clustersOf(pod)).filter((found) => found.host === host);
        return found?.tls === tls && found.endpoints.length > 0 ? found : undefined;
      });

    assert.deepEqual(await seen("AUTO"), { ...expected, tls: "AUTO" });
    for (const [mode, tls] of [
      ["DISABLE", "PLAIN"],
      ["SIMPLE", "SIMPLE"],
      ["ISTIO_MUTUAL", "ISTIO_MUTUAL"],
    ] as const) {
      const rule = tlsRule("plain", `rule-${mode.toLowerCase().replace("_", "-")}`, host, mode);
      await cluster.create(rule);
      const { sni, ...found } = await seen(tls);
      const decided = { kind: "DestinationRule", namespace: "plain", name: rule.metadata.name };
      assert.deepEqual(found, { ...expected, tls, rule: decided });
      assert.equal(sni !== undefined, tls === "ISTIO_MUTUAL");
      await cluster.delete(rule);
    }
  });

  it("deletes a namespace with all that is in it", async () => {
    await cluster.delete(namespace("plain"));
    await eventually(async () => {
      const namespaces = await cluster.list("v1", "Namespace", "");
      return namespaces.every(({ metadata }) => metadata?.name !== "plain") || undefined;
    });
    assert.deepEqual(await cluster.list<V1Pod>("v1", "Pod", "plain"), []);
  });

  it("says where it looked for istiod when nobody answers there", async () => {
    const nowhere = { grpcPort: 1, httpPort: 1 };
    const sidecar = { ip: "10.244.0.99", pod: "nobody", namespace: "meshed" };
    await assert.rejects(sidecarClusters(nowhere, sidecar, 3_000), /127\.0\.0\.1:1/);
  });

  function clustersOf(pod: V1Pod): Promise<SidecarCluster[]> {
    return sidecarClusters(plane.istiod, {
      ip: pod.status?.podIP ?? "",
      pod: pod.metadata?.name ?? "",
      namespace: pod.metadata?.namespace ?? "",
      labels: pod.metadata?.labels ?? {},
    });
  }
});

function containersOf(pod: V1Pod): string[] | undefined {
  return pod.spec?.containers.map(({ name }) => name).sort();
}
