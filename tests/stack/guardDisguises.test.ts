import assert from "node:assert/strict";
import { DEFAULT_FACTS, type KubeObject } from "../../mesh/index.js";
import { eventually } from "../local/eventually.js";
import {
  DISABLE,
  endpoints,
  HTTP,
  HTTPS,
  IM,
  MUTUAL,
  namespaces,
  OFF,
  rule,
  service,
  serviceEntry,
} from "../mesh/objects.js";
import { Admission } from "./admission.js";
import { GuardedCluster } from "./guardedCluster.js";
import { verdictAlone } from "./guardedRules.js";
import { sharedPlane } from "./sharedPlane.js";

const DAY_MS = 24 * 60 * 60 * 1000;
const HOST = "my-wikipedia.disguised.svc.cluster.local";
/** One that is exempt at first: what is there before the guard. */
const UNGUARDED = {
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name: "unguarded", labels: { "istio-egress/guard": "exempt" } },
};
const NAMESPACES = [...namespaces("disguised", "beside"), UNGUARDED];

const MESH = [
  service("disguised", "my-wikipedia", { ports: [HTTPS] }),
  endpoints("disguised", "my-wikipedia"),
  service("disguised", "my-httpbin", {
    type: "ExternalName",
    externalName: "httpbin.org",
    ports: [HTTP],
  }),
  serviceEntry("disguised", "httpbin.org", {
    hosts: ["httpbin.org"],
    location: "MESH_EXTERNAL",
    resolution: "DNS",
    ports: [{ number: 80, name: "http", protocol: "HTTP" }],
  }),
  ...NAMESPACES,
];

const ALIASES = [
  { name: "my-wikipedia", namespace: "disguised", ports: [HTTPS] },
  { name: "my-httpbin", namespace: "disguised", externalName: "httpbin.org", ports: [HTTP] },
];

/** Ways to write a host, of which Istio takes some for an alias's. */
const HOSTS = [
  ["my-wikipedia", "my-wikipedia.disguised", "my-wikipedia.disguised.svc", HOST, `${HOST}.`],
  ["My-Wikipedia", HOST.toUpperCase(), " my-wikipedia", "91.198.174.192"],
  ["*", "*.local", "*local", "*edia", "*-wikipedia.disguised.svc.cluster.local", "*.disguised"],
  ["*.disguised.svc.cluster.local", "*y-wikipedia.disguised.svc.cluster.local", `*${HOST}`],
  [`*.${HOST}`, "*.svc.cluster.local."],
  ["my-httpbin", "httpbin.org", "httpbin.org.", "HTTPBIN.org"],
  ["*.org", "*org", "*bin.org", "*httpbin.org", "*.httpbin.org"],
].flat();

const port = (number: number, more: object) => ({ port: { number }, ...more });
const PASSTHROUGH = { loadBalancer: { simple: "PASSTHROUGH" } };

/** Ways to say ISTIO_MUTUAL for the alias, or to bring it about without a word of it. */
const SPECS: Record<string, Record<string, unknown>> = {
  "of a subset": { subsets: [{ name: "a", ...IM }] },
  "of a subset beside another at the top": { ...OFF, subsets: [{ name: "a", ...IM }] },
  "of a subset's port": {
    subsets: [{ name: "a", trafficPolicy: { portLevelSettings: [port(443, { tls: MUTUAL })] } }],
  },
  "of the last of many subsets": {
    subsets: Array.from({ length: 200 }, (_, i) => ({ name: `s${i}`, ...(i < 199 ? OFF : IM) })),
  },
  "of a port that nobody calls": {
    trafficPolicy: { portLevelSettings: [port(80, { tls: MUTUAL })] },
  },
  "of a port whose first setting counts": {
    trafficPolicy: {
      portLevelSettings: [port(443, { tls: DISABLE }), port(443, { tls: MUTUAL })],
    },
  },
  "in a field that Kubernetes drops": { traffic_policy: IM.trafficPolicy },
  "as a number": { trafficPolicy: { tls: { mode: 3 } } },
  "for others alone": { exportTo: ["disguised"], ...IM },
  "for some workloads": { workloadSelector: { matchLabels: { app: "web" } }, ...IM },
  "by PASSTHROUGH at the top": { trafficPolicy: PASSTHROUGH },
  "by PASSTHROUGH of a port": { trafficPolicy: { portLevelSettings: [port(443, PASSTHROUGH)] } },
};

/** What somebody would write who wants a rule past the guard; the model says which of it has an effect. */
describe("the guard and rules in disguise, in a real API server", function () {
  this.timeout(120_000);
  let admission: Admission;
  let cluster: GuardedCluster;

  before(async () => {
    const { plane } = await sharedPlane();
    admission = new Admission(plane.kubeconfig);
    cluster = new GuardedCluster(admission);
    for (const namespace of NAMESPACES) await admission.create(namespace);
    await cluster.guard({ aliases: ALIASES });
  });
  after(async () => {
    await cluster?.remove();
    for (const namespace of NAMESPACES) await admission?.delete(namespace);
    admission?.close();
  });

  /** Refused where the model says violation, and nowhere else: by the guard, or before it by others. */
  const assertJudged = async (written: KubeObject) => {
    const isViolation = verdictAlone(written, MESH) === "violation";
    const { isRefused, isAdmitted, said } = await cluster.answerTo(written);
    assert.equal(isRefused, isViolation, `${JSON.stringify(written)} ${said}`);
    return { isRefused, isAdmitted };
  };

  for (const host of HOSTS) {
    it(`host ${JSON.stringify(host)}, from each namespace`, async () => {
      for (const namespace of ["disguised", "beside", DEFAULT_FACTS.rootNamespace]) {
        await assertJudged(rule(namespace, "r", { host, ...IM }));
      }
    });
  }

  for (const [how, spec] of Object.entries(SPECS)) {
    it(`ISTIO_MUTUAL ${how}`, async () => {
      for (const namespace of ["disguised", "beside"]) {
        await assertJudged(rule(namespace, "r", { host: HOST, ...spec }));
      }
    });
  }

  it("many subsets for a host inside are admitted: the guard can afford them", async () => {
    const subsets = Array.from({ length: 200 }, (_, i) => ({ name: `s${i}`, ...IM }));
    const { isAdmitted } = await assertJudged(rule("beside", "r", { host: "inside", subsets }));
    assert.ok(isAdmitted);
  });

  for (const [what, metadata] of [
    ["a name that the API server makes", { generateName: "r-" }],
    ["a creation time of its own", { name: "r", creationTimestamp: "2000-01-01T00:00:00Z" }],
    ["another revision", { name: "r", labels: { "istio.io/rev": "canary" } }],
  ] as const) {
    it(`${what} changes nothing`, async () => {
      const written = rule("disguised", "r", { host: HOST, ...IM });
      const waivers = [{ host: HOST, who: "team-shop", why: "moved", until: "2026-01-01" }];
      await cluster.guard({ aliases: ALIASES, waivers });
      const disguised = { ...written, metadata: { namespace: "disguised", ...metadata } };
      assert.ok((await cluster.answerTo(disguised)).isRefused);
    });
  }

  it("a Service with such a name from before becomes no ExternalName", async () => {
    const ports = [{ port: 443 }];
    const before = service("unguarded", "w", { externalName: "localhost", ports });
    assert.equal((await admission.create(before)).status, 201);
    await admission.patch(UNGUARDED, { metadata: { labels: { "istio-egress/guard": null } } });
    const other = { ...before, metadata: { name: "other", namespace: "unguarded" } };
    await eventually(async () => (await cluster.answerTo(other)).isRefused || undefined);
    const label = { metadata: { labels: { team: "lab" } } };
    assert.equal((await admission.patch(before, label)).status, 200);
    const change = { spec: { type: "ExternalName", clusterIP: null, clusterIPs: null } };
    const { status, message } = await admission.patch(before, change);
    assert.equal(status, 403);
    assert.match(message, /localhost is the calling machine itself/);
  });

  it("a change that only removes fields, which has no time, passes by no waiver that is over", async () => {
    const waiver = { rule: "beside/removes", who: "team-shop", why: "moves next week" };
    const until = (days: number) => new Date(Date.now() + days * DAY_MS).toISOString().slice(0, 10);
    await cluster.guard({ aliases: ALIASES, waivers: [{ ...waiver, until: until(1) }] });
    const trafficPolicy = { tls: MUTUAL, portLevelSettings: [port(443, { tls: DISABLE })] };
    const written = rule("beside", "removes", { host: HOST, trafficPolicy });
    const { object } = await admission.create(written);
    const metadata = object.metadata as { managedFields: object[] };
    // As if it was last written a week ago.
    const time = `${until(-7)}T12:00:00Z`;
    const managedFields = metadata.managedFields.map((entry) => ({ ...entry, time }));
    const past = { ...object, metadata: { ...metadata, managedFields } } as KubeObject;
    assert.equal((await admission.replace(past)).status, 200);
    await cluster.guard({ aliases: ALIASES, waivers: [{ ...waiver, until: until(-1) }] });
    const removal = { spec: { trafficPolicy: { portLevelSettings: null } } };
    const { status, message } = await admission.patch(written, removal);
    assert.equal(status, 403);
    assert.match(message, /says ISTIO_MUTUAL/);
  });
});
