/**
 * How soon `judge --kube --watch` reports a change, and what memory it takes, with many aliases on a real
 * API server: `npm run bench:watch`. WATCH_ALIASES says how many (10,000 by default).
 */
import assert from "node:assert/strict";
import { loadavg } from "node:os";
import path from "node:path";
import { runningProcesses, stopProcesses } from "../../local/processes.js";
import type { KubeObject } from "../../mesh/index.js";
import { Admission } from "../stack/admission.js";
import { objectsIn } from "../stack/kube.js";
import { ownPlane, type TestPlane } from "../stack/ownPlane.js";
import { Watching } from "../stack/watching.js";

const ALIASES = Number(process.env.WATCH_ALIASES ?? 10_000);
const NAMESPACES = 50;
const CHANGES = 40;
const AT_A_TIME = 16;

function namespaceOf(index: number): string {
  return `team-${index % NAMESPACES}`;
}

function hostOf(index: number): string {
  return `alias-${index}.${namespaceOf(index)}.svc.cluster.local`;
}

/** Half of them names, half addresses, each with a rule of its own. */
function alias(index: number): KubeObject[] {
  const metadata = { name: `alias-${index}`, namespace: namespaceOf(index) };
  const ports = [{ name: "https", port: 443 }];
  const service = (spec: object) => ({ apiVersion: "v1", kind: "Service", metadata, spec });
  const target: KubeObject[] =
    index % 2 === 0
      ? [service({ type: "ExternalName", externalName: `host-${index}.example.com`, ports })]
      : [service({ ports }), slice(index, `198.51.${index % 256}.${(index >> 8) % 256}`)];
  return [...target, rule(index, metadata.name, hostOf(index), "DISABLE")];
}

function slice(index: number, address: string): KubeObject {
  const name = `alias-${index}`;
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name,
      namespace: namespaceOf(index),
      labels: { "kubernetes.io/service-name": name },
    },
    addressType: "IPv4",
    endpoints: [{ addresses: [address] }],
    ports: [{ name: "https", port: 443 }],
  };
}

function rule(index: number, name: string, host: string, mode: string): KubeObject {
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "DestinationRule",
    metadata: { name, namespace: namespaceOf(index) },
    spec: { host, trafficPolicy: { tls: { mode } } },
  };
}

/** Keeps the store and the API server: what the other parts do would be measured, too. */
async function keepApiServer({ folder, plane }: TestPlane): Promise<void> {
  const api = objectsIn(plane.kubeconfig);
  const [apiVersion, kind] = ["admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration"];
  const { items } = await api.list(apiVersion, kind);
  for (const { metadata } of items) await api.delete({ apiVersion, kind, metadata });
  const stateDir = path.join(folder, "plane");
  const others = runningProcesses(stateDir).filter(
    ({ name }) => !["etcd", "kube-apiserver"].includes(name),
  );
  await stopProcesses(stateDir, others);
}

async function createAll(api: Admission, objects: Iterable<KubeObject>): Promise<void> {
  const next = objects[Symbol.iterator]();
  const work = async () => {
    for (let one = next.next(); !one.done; one = next.next()) {
      const { status, message } = await api.create(one.value);
      assert.equal(status, 201, message);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
}

function* allAliases(): Generator<KubeObject> {
  for (let index = 0; index < ALIASES; index++) yield* alias(index);
}

function figures(times: number[]): string {
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.ceil(share * times.length) - 1]!.toFixed(0);
  return `median ${at(0.5)} ms, 95 % within ${at(0.95)} ms, at most ${at(1)} ms`;
}

function report(words: string): void {
  console.log(`      ${words} (load ${loadavg()[0]!.toFixed(1)})`);
}

describe(`judge --watch with ${ALIASES} aliases`, function () {
  this.timeout(3_600_000);
  let on: TestPlane;
  let api: Admission;
  let watching: Watching;

  before(async () => {
    on = await ownPlane();
    await keepApiServer(on);
    api = new Admission(on.plane.kubeconfig);
    const names = Array.from({ length: NAMESPACES }, (_, index) => namespaceOf(index));
    await createAll(
      api,
      names.map((name) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } })),
    );
    const start = performance.now();
    await createAll(api, allAliases());
    report(`${((performance.now() - start) / 1000).toFixed(0)} s to create them`);
  });
  after(async () => {
    watching?.stop();
    api?.close();
    await on?.stop();
  });

  it("reads it all", async () => {
    const start = performance.now();
    watching = await Watching.start(on.plane.kubeconfig, 600_000);
    report(`${((performance.now() - start) / 1000).toFixed(1)} s to the first answers`);
    console.log(`      ${watching.notes.trim()}`);
    assert.match(await watching.metrics(), /^istio_egress_ready 1$/m);
  });

  /** Milliseconds until it reports what a change has done, from before the change is sent. */
  const timeOf = async (change: () => Promise<{ status: number }>, state: string, rule: string) => {
    const start = performance.now();
    const { status } = await change();
    assert.ok(status < 300);
    const answered = performance.now() - start;
    await watching.told(state, rule);
    return { sent: performance.now() - start, answered: performance.now() - start - answered };
  };

  const told = (state: string, changes: { sent: number; answered: number }[]) => {
    report(`${state}, from the API server's answer: ${figures(changes.map((c) => c.answered))}`);
    report(`${state}, from before it is sent: ${figures(changes.map((c) => c.sent))}`);
    const late = changes.filter(({ answered }) => answered >= 200);
    assert.ok(
      late.length <= 0.05 * changes.length,
      `${late.length} of ${changes.length} were late`,
    );
  };

  it("reports each rule that comes, and each that goes, within 200 ms", async () => {
    // The rules of their own are in the aliases' namespaces; another namespace's clients follow these.
    const wrong = Array.from({ length: CHANGES }, (_, change) => {
      const index = change * 7 + 1;
      const name = `${namespaceOf(index + 1)}/wrong-${change}`;
      return { name, rule: rule(index + 1, `wrong-${change}`, hostOf(index), "ISTIO_MUTUAL") };
    });
    const came = [];
    for (const { name, rule } of wrong) {
      came.push(await timeOf(() => api.create(rule), "violation", name));
    }
    told("a rule that comes", came);
    const went = [];
    for (const { name, rule } of wrong) {
      went.push(
        await timeOf(() => api.delete(rule).then(() => ({ status: 200 })), "resolved", name),
      );
    }
    told("a rule that goes", went);
    const [, sum] = /judge_seconds_sum (\S+)/.exec(await watching.metrics())!;
    const [, count] = /judge_seconds_count (\S+)/.exec(await watching.metrics())!;
    report(
      `from its arrival to its verdict: ${((1000 * Number(sum)) / Number(count)).toFixed(1)} ms on average`,
    );
  });

  it("reports all that a rule for all of them breaks, and other changes meanwhile", async () => {
    const all = `${namespaceOf(0)}/all`;
    const start = performance.now();
    assert.equal((await api.create(rule(0, "all", "*.local", "ISTIO_MUTUAL"))).status, 201);
    await watching.told("violation", all);
    const first = performance.now() - start;
    const meanwhile = rule(2, "meanwhile", hostOf(1), "ISTIO_MUTUAL");
    const other = await timeOf(
      () => api.create(meanwhile),
      "violation",
      `${namespaceOf(2)}/meanwhile`,
    );
    // Aliases of the rule's own namespace have rules that are looked at first.
    const broken = ALIASES - ALIASES / NAMESPACES;
    const lines = () => watching.lines.filter(({ rule }) => rule === all);
    const soFar = lines().length;
    while (lines().length < broken) await new Promise((resolve) => setTimeout(resolve, 50));
    const last = performance.now() - start;
    report(
      `a rule for all: the first after ${first.toFixed(0)} ms, the last after ${(last / 1000).toFixed(1)} s`,
    );
    report(`a rule that comes after ${soFar} of those: ${other.answered.toFixed(0)} ms`);
  });

  it("takes this memory", async () => {
    const [, bytes] = /^process_resident_memory_bytes (\d+)/m.exec(await watching.metrics())!;
    report(`${(Number(bytes) / 1e6).toFixed(0)} MB resident`);
  });
});
