import assert from "node:assert/strict";
import { appendFileSync } from "node:fs";
import type { V1Pod, V1Service } from "@kubernetes/client-node";
import { readCluster } from "../../cli/input/cluster.js";
import { ApiServer } from "../../cli/kube/api-server.js";
import { Progress } from "../../cli/progress.js";
import { podHost } from "../../local/lab/pod.js";
import { type KubeObject, judge, readMesh } from "../../mesh/index.js";
import { Checkout } from "../stack/checkout.js";
import { type Run, type TestCatalogue, TestStack } from "../stack/testStack.js";
import { taskCatalogue } from "./catalogue.js";
import type { LoadReport } from "./load.js";
import { istio } from "./objects.js";
import type { Listener } from "./origin.js";
import { CERTIFICATES, OUTSIDE } from "./origins.js";
import { type TestLab, sharedLab } from "./shared-lab.js";
import { underLoad } from "./under-load.js";

const HTTPBIN = "my-httpbin.default.svc.cluster.local";
const WIKIPEDIA = "my-wikipedia.default.svc.cluster.local";

/** What each alias turns to inside, as a catalogue says it. */
const INSIDE: Record<string, object> = {
  "my-httpbin": { inside: { service: "inside-httpbin" } },
  "my-wikipedia": {
    inside: { selector: { app: "inside-wikipedia" } },
    endpointsApi: "EndpointSlice",
  },
};

const INSIDE_SERVERS = /^inside-/;
const OUTSIDE_SERVERS = /^(httpbin|wikipedia-\d)$/;

/** What somebody adds to the stack's program: a rule for Wikipedia with the mesh's own TLS. */
const ADDED = `
import { CustomResource } from "@pulumi/kubernetes/apiextensions/customResource.js";

new CustomResource("mutual", {
  apiVersion: "networking.istio.io/v1",
  kind: "DestinationRule",
  metadata: { name: "mutual", namespace: "default" },
  spec: {
    host: "my-wikipedia.default.svc.cluster.local",
    trafficPolicy: { tls: { mode: "ISTIO_MUTUAL" } },
  },
});
`;
const FORBIDDEN = "egress-disallow-istio-mutual";

/** Calls a second, by client and alias. */
const RATES = { inMesh: [200, 20], outsideMesh: [20, 20] } as const;
type Who = keyof typeof RATES;
const CLIENTS = Object.keys(RATES) as Who[];

describe("moving from outside to inside and back, under load", function () {
  this.timeout(240_000);
  let lab: TestLab;
  let outside: TestCatalogue;
  let before_: V1Service[];
  let checkout: Checkout | undefined;
  /** The lab's stack, and the rule that somebody adds. */
  let withMutual: TestStack;

  before(async function () {
    outside = located("outside");
    lab = await sharedLab(this, outside);
    checkout = new Checkout();
    appendFileSync(checkout.file("index.ts"), ADDED);
    const { engine, options } = lab.stack;
    withMutual = await TestStack.open({ ...options, home: engine.home, program: checkout.folder });
    await startInside("inside-httpbin", "http", { port: 80, speaks: "http" });
    await startInside("inside-wikipedia", "tls", await lab.origins.httpsFor("en.wikipedia.org"));
    before_ = await services();
  });

  after(() => checkout?.remove());

  /**
   * A Pod in the mesh that serves what an origin outside does, with a Service of its own: a sidecar
   * drops the connections to a port when the last Service that leads there turns away.
   */
  async function startInside(app: string, portName: string, listener: Listener): Promise<void> {
    const labels = { app };
    const template = {
      metadata: { labels },
      spec: { containers: [{ name: app, image: "origin" }] },
    };
    const metadata = { name: app, namespace: "default" };
    const spec = { selector: { matchLabels: labels }, template };
    await lab.objects.create({ apiVersion: "apps/v1", kind: "Deployment", metadata, spec });
    const ports = [{ name: portName, port: listener.port }];
    const own = { selector: labels, ports };
    await lab.objects.create({ apiVersion: "v1", kind: "Service", metadata, spec: own });
    const pod = await lab.lab.network.until(`a Pod of ${app}`, async () => {
      const { items } = await lab.objects.list<V1Pod>("v1", "Pod", "default");
      return items.find(({ metadata, status }) => metadata?.labels?.app === app && status?.podIP);
    });
    await lab.lab.addPod(pod);
    const addresses = [pod.status!.podIP!];
    await lab.origins.serve(podHost(pod), { name: app, addresses, listeners: [listener] });
  }

  /** Both of the task's aliases ready to move, at one of the two places. */
  function located(location: "outside" | "inside"): TestCatalogue {
    const catalogue = taskCatalogue();
    for (const alias of catalogue.aliases) {
      const inside = INSIDE[alias.name as string];
      if (inside) Object.assign(alias, inside, { location });
    }
    return catalogue;
  }

  function services(): Promise<V1Service[]> {
    const read = (name: string) =>
      lab.objects.read<V1Service>({
        apiVersion: "v1",
        kind: "Service",
        metadata: { name, namespace: "default" },
      });
    return Promise.all(Object.keys(INSIDE).map(read));
  }

  /** Both clients call both aliases all the while. */
  async function bothCall(work: () => Promise<void>): Promise<Map<string, LoadReport>> {
    const targets = [
      { url: `http://${HTTPBIN}/slow` },
      {
        url: "https://en.wikipedia.org/slow",
        connectTo: WIKIPEDIA,
        authority: CERTIFICATES.authority,
      },
    ];
    const loads = CLIENTS.flatMap((who) =>
      targets.map((target, index) => ({
        ...target,
        host: lab.clients[who].host,
        rate: RATES[who][index]!,
      })),
    );
    const reports = await underLoad(lab.lab.network, loads, work);
    return new Map(reports.map((report, i) => [`${loads[i]!.host} ${loads[i]!.url}`, report]));
  }

  /** Waits until what both clients call is at its new place: it comes to them a moment after the objects. */
  async function untilAt(servers: RegExp): Promise<void> {
    const header = 'curl -sS -o /dev/null -w "%header{x-origin}"';
    const { clusterIP } = before_[1]!.spec!;
    const calls = [
      `${header} http://${HTTPBIN}/`,
      `${header} --resolve en.wikipedia.org:443:${clusterIP} https://en.wikipedia.org/`,
    ];
    for (const line of calls) {
      for (const who of CLIENTS) {
        await lab.lab.network.until(`${who}: ${line}`, async () => {
          return servers.test((await lab.clients[who].exec(line)).stdout) || undefined;
        });
      }
    }
  }

  /** Every request was answered, and in the end by the new servers alone. */
  function assertNoneLost(reports: Map<string, LoadReport>, servers: RegExp): void {
    for (const [who, { sent, answered, lost, last }] of reports) {
      assert.deepEqual(lost, [], who);
      const total = Object.values(answered).reduce((sum, count) => sum + count, 0);
      assert.equal(total, sent, who);
      const old = last.filter((origin) => !servers.test(origin));
      assert.deepEqual(old, [], `${who}: ${JSON.stringify(answered)}`);
    }
    const [steady] = reports.values();
    assert.ok(steady!.sent > 800, `only ${steady!.sent} requests`);
  }

  /** The aliases on which ISTIO_MUTUAL would be wrong, as the model judges what is in the cluster now. */
  async function wrongWithMutual(): Promise<string[]> {
    const server = await ApiServer.from({ kubeconfig: lab.on.plane.kubeconfig });
    const { manifests, facts } = await readCluster(server, {}, new Progress());
    const rules = [HTTPBIN, WIKIPEDIA].map((host) => mutual(host));
    const names = Object.keys(INSIDE);
    const others = manifests
      .map(({ object }) => object as KubeObject & { metadata: { name: string } })
      .filter(({ kind, metadata }) => kind !== "DestinationRule" || !names.includes(metadata.name));
    const found = judge(readMesh([...others, ...rules] as KubeObject[], facts));
    const wrong = found.filter(({ verdict }) => verdict === "violation");
    return [...new Set(wrong.map(({ alias }) => alias.name))].sort();
  }

  function mutual(host: string) {
    const trafficPolicy = { tls: { mode: "ISTIO_MUTUAL" } };
    return istio("DestinationRule", host.split(".", 1).join(), { host, trafficPolicy });
  }

  /** What the policy pack didn't let pass. */
  function refusals({ events }: Run): string[] {
    return events.flatMap(({ policyEvent }) =>
      policyEvent?.enforcementLevel === "mandatory" ? [policyEvent.policyName] : [],
    );
  }

  async function assertRefused(catalogue: TestCatalogue): Promise<void> {
    const run = await withMutual.preview(catalogue);
    assert.notEqual(run.exitCode, 0, run.output);
    assert.deepEqual(refusals(run), [FORBIDDEN], run.output);
    assert.match(run.output, /default\/my-wikipedia \(198\.51\.100\.10, 203\.0\.113\.10\)/);
  }

  const titleFrom = (clusterIP: string) =>
    `curl -sS -o /dev/null -w "%{http_code}" --resolve en.wikipedia.org:443:${clusterIP} https://en.wikipedia.org/wiki/Main_Page`;

  it("is wrong to encrypt for the mesh while the servers are outside", async () => {
    assert.deepEqual(await wrongWithMutual(), ["my-httpbin", "my-wikipedia"]);
    await assertRefused(outside);
  });

  it("goes inside by changing the Services in place, and loses no request", async () => {
    let changes: string[] = [];
    const reports = await bothCall(async () => {
      changes = await lab.up(located("inside"));
      await untilAt(INSIDE_SERVERS);
    });
    assertNoneLost(reports, INSIDE_SERVERS);
    assert.deepEqual(
      changes.filter((change) => !/^update EgressAlias /.test(change)),
      [
        "delete EndpointSlice my-wikipedia.default-ipv4",
        "update Service my-httpbin.default-service: spec.externalName",
        "update Service my-wikipedia.default-service: metadata.annotations, " +
          "spec.selector.app, spec.selector.istio-egress/location",
      ],
    );
    const after = await services();
    const identity = ({ metadata, spec }: V1Service) => [metadata?.uid, spec?.clusterIP];
    assert.deepEqual(after.map(identity), before_.map(identity));
  });

  it("is encrypted by the mesh inside: the servers see who called", async () => {
    const { stdout } = await lab.clients.inMesh.exec(`curl -sS http://${HTTPBIN}/headers`);
    assert.match(stdout, /spiffe:\/\/cluster\.local\/ns\/default\/sa\/sleep/);
    const outsider = await lab.clients.outsideMesh.exec(`curl -sS http://${HTTPBIN}/headers`);
    assert.doesNotMatch(outsider.stdout, /spiffe/);
  });

  it("is right to ask for the mesh's encryption inside", async () => {
    assert.deepEqual(await wrongWithMutual(), []);
    const inside = located("inside");
    const run = await withMutual.up(inside);
    assert.equal(run.exitCode, 0, run.output);
    assert.deepEqual(refusals(run), []);
    assert.deepEqual(run.changes, ["create DestinationRule mutual"]);
    await lab.sidecar.until(WIKIPEDIA, 443, (cluster) => cluster?.tls === "ISTIO_MUTUAL");
    const { stdout, stderr } = await lab.clients.inMesh.exec(
      titleFrom(before_[1]!.spec!.clusterIP!),
    );
    assert.equal(stdout, "200", stderr);
  });

  it("is refused to go back outside with that, and goes without", async () => {
    await assertRefused(outside);
    const run = await lab.stack.up(located("inside"));
    assert.deepEqual(run.changes, ["delete DestinationRule mutual"], run.output);
    await lab.sidecar.until(WIKIPEDIA, 443, (cluster) => cluster?.tls === "AUTO");
  });

  it("comes back outside in the same way, and loses no request", async () => {
    const reports = await bothCall(async () => {
      await lab.up(outside);
      await untilAt(OUTSIDE_SERVERS);
    });
    assertNoneLost(reports, OUTSIDE_SERVERS);
    const addresses = OUTSIDE["en.wikipedia.org"].map((address) => `${address}:443`);
    await lab.sidecar.until(WIKIPEDIA, 443, (cluster) => {
      const endpoints = cluster?.endpoints.map(({ address }) => address).sort();
      return JSON.stringify(endpoints) === JSON.stringify(addresses);
    });
    assert.deepEqual(await wrongWithMutual(), ["my-httpbin", "my-wikipedia"]);
  });
});
