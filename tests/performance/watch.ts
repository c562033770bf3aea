/**
 * How soon `judge --kube --watch` tells of a change, and what memory it takes, with many aliases on a real
 * API server: `npm run bench:watch`. WATCH_ALIASES says how many (10,000 by default).
 */
import assert from "node:assert/strict";
import { loadavg } from "node:os";
import type { KubernetesObject } from "@kubernetes/client-node";
import { objectsIn } from "../stack/kube.js";
import { ownPlane, type TestPlane } from "../stack/ownPlane.js";
import { Watching } from "../stack/watching.js";

const ALIASES = Number(process.env.WATCH_ALIASES ?? 10_000);
const NAMESPACES = 50;
const CHANGES = 60;
const AT_A_TIME = 8;

type Made = KubernetesObject & Record<string, unknown>;

function namespaceOf(index: number): string {
  return `team-${index % NAMESPACES}`;
}

/** Half of them names, half addresses, each with a rule of its own. */
function alias(index: number): Made[] {
  const metadata = { name: `alias-${index}`, namespace: namespaceOf(index) };
  const host = `alias-${index}.${metadata.namespace}.svc.cluster.local`;
  const ports = [{ name: "https", port: 443 }];
  const labels = { "kubernetes.io/service-name": metadata.name };
  const service = { apiVersion: "v1", kind: "Service", metadata };
  const target: Made[] =
    index % 2 === 0
      ? [
          {
            ...service,
            spec: { type: "ExternalName", externalName: `host-${index}.example.com`, ports },
          },
        ]
      : [
          { ...service, spec: { ports } },
          {
            apiVersion: "discovery.k8s.io/v1",
            kind: "EndpointSlice",
            metadata: { ...metadata, labels },
            addressType: "IPv4",
            endpoints: [{ addresses: [`198.51.${index % 256}.${(index >> 8) % 256}`] }],
            ports,
          },
        ];
  return [...target, rule(index, metadata.name, host, "DISABLE")];
}

function rule(index: number, name: string, host: string, mode: string): Made {
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "DestinationRule",
    metadata: { name, namespace: namespaceOf(index) },
    spec: { host, trafficPolicy: { tls: { mode } } },
  };
}

async function createAll(kubeconfig: string, objects: readonly Made[]): Promise<void> {
  const api = objectsIn(kubeconfig);
  const next = objects.values();
  const work = async () => {
    // A connection that the server closes while it is taken up again is no answer.
    for (const object of next) await api.create(object).catch(() => api.create(object));
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
}

describe(`judge --watch with ${ALIASES} aliases`, function () {
  this.timeout(3_600_000);
  let on: TestPlane;
  let watching: Watching;

  before(async () => {
    on = await ownPlane();
    const namespaces = Array.from({ length: NAMESPACES }, (_, index): Made => ({
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: namespaceOf(index) },
    }));
    await createAll(on.plane.kubeconfig, namespaces);
    const numbers = Array.from({ length: ALIASES }, (_, index) => index);
    await createAll(on.plane.kubeconfig, numbers.flatMap(alias));
  });
  after(async () => {
    watching?.stop();
    await on?.stop();
  });

  it("reads it all", async () => {
    const start = performance.now();
    watching = await Watching.start(on.plane.kubeconfig, 600_000);
    console.log(`      ${((performance.now() - start) / 1000).toFixed(1)} s to the first answers`);
    console.log(`      ${watching.notes.trim()}`);
    assert.match(await watching.metrics(), /^istio_egress_ready 1$/m);
  });

  it("reports each change within 200 ms", async () => {
    const api = objectsIn(on.plane.kubeconfig);
    const times: number[] = [];
    for (let change = 0; change < CHANGES; change++) {
      // Half of the aliases have a rule of their own; another namespace's clients follow this one.
      const index = change * 7 + 1;
      const host = `alias-${index}.${namespaceOf(index)}.svc.cluster.local`;
      const wrong = rule(index + 1, `wrong-${change}`, host, "ISTIO_MUTUAL");
      await api.create(wrong);
      times.push(await watching.told("violation", `${namespaceOf(index + 1)}/wrong-${change}`));
    }
    times.sort((a, b) => a - b);
    const [median, most] = [times[times.length >> 1]!, times.at(-1)!];
    console.log(
      `      from the API server's answer to the line: median ${median.toFixed(0)} ms, ` +
        `at most ${most.toFixed(0)} ms; load ${loadavg()[0]!.toFixed(1)}`,
    );
    const judged = /judge_seconds_sum (\S+)[\s\S]*judge_seconds_count (\S+)/.exec(
      await watching.metrics(),
    );
    console.log(
      `      from its arrival to its verdict: ${((Number(judged![1]) / Number(judged![2])) * 1000).toFixed(1)} ms on average`,
    );
    assert.ok(median < 200);
  });

  it("takes this memory", async () => {
    const [, bytes] = /^process_resident_memory_bytes (\d+)/m.exec(await watching.metrics())!;
    console.log(`      ${(Number(bytes) / 1e6).toFixed(0)} MB resident`);
  });
});
