import { rowsOf } from "../../../cli/verify/rows.js";
import { type Catalogue, parseCatalogue } from "../../../catalogue/catalogue.js";
import type { Pod } from "../../../cli/verify/reality.js";
import type { SidecarCluster } from "../../../local/cluster-tls.js";

/** Two clients and two aliases: one name that the sidecar encrypts for, one that it leaves alone. */
export const CATALOGUE = parseCatalogue(
  {
    mesh: { istioVersion: "1.31" },
    clients: [
      { namespace: "default", injected: true },
      { namespace: "without-istio", injected: false },
    ],
    aliases: [
      {
        name: "my-httpbin",
        externalName: "httpbin.org",
        ports: [{ name: "http", port: 80, targetPort: 443 }],
        tls: { mode: "SIMPLE" },
      },
      {
        name: "my-wikipedia",
        addresses: ["198.35.26.96", "208.80.153.224"],
        ports: [{ name: "tls", port: 443 }],
        tls: { mode: "DISABLE" },
      },
    ],
  },
  "Pulumi.test.yaml",
);

export function pod(namespace: string, ...names: string[]): Pod {
  return {
    metadata: { name: "sleep-1", namespace, labels: { app: "sleep" } },
    spec: { containers: names.map((name) => ({ name })) },
    status: {
      phase: "Running",
      podIP: "10.244.0.7",
      containerStatuses: names.map((name) => ({ name, ready: true, state: { running: {} } })),
    },
  };
}

export function cluster(
  host: string,
  port: number,
  rule: string,
  more: Partial<SidecarCluster>,
): SidecarCluster {
  return {
    host,
    port,
    subset: "",
    tls: "PLAIN",
    rule: { kind: "DestinationRule", namespace: "default", name: rule },
    discovery: "EDS",
    endpoints: [],
    ...more,
  };
}

export const WIKIPEDIA = "my-wikipedia.default.svc.cluster.local";
export const endpoint = (address: string) => ({ address, istioMutual: false });

/** Verified TLS to httpbin.org, as the API server has it. */
export const SIMPLE = { mode: "SIMPLE", sni: "httpbin.org", subjectAltNames: ["httpbin.org"] };
export const ENTRY = {
  hosts: ["httpbin.org"],
  location: "MESH_EXTERNAL",
  resolution: "DNS",
  ports: [{ number: 80, name: "http", protocol: "HTTP", targetPort: 443 }],
};

/** A world that is as {@link CATALOGUE} declares; each test changes one thing in it. */
export function world() {
  return {
    pods: new Map([
      ["default/sleep", [pod("default", "sleep", "istio-proxy")]],
      ["without-istio/sleep", [pod("without-istio", "sleep")]],
    ]),
    services: new Map([
      [
        "default/my-httpbin",
        { spec: { type: "ExternalName", externalName: "httpbin.org", ports: [{ port: 80 }] } },
      ],
      [
        "default/my-wikipedia",
        { spec: { type: "ClusterIP", clusterIP: "10.96.57.8", ports: [{ port: 443 }] } },
      ],
    ]) as Map<string, { spec: Record<string, unknown> }>,
    slices: new Map([
      [
        "default/my-wikipedia",
        [
          {
            endpoints: [{ addresses: ["208.80.153.224"] }, { addresses: ["198.35.26.96"] }],
            ports: [{ port: 443 }],
          },
        ],
      ],
    ]),
    istioObjects: new Map<string, { spec: object }>([
      ["DestinationRule default/my-httpbin", rule("my-httpbin.default.svc.cluster.local", SIMPLE)],
      ["DestinationRule default/httpbin.org", rule("httpbin.org", SIMPLE)],
      ["DestinationRule default/my-wikipedia", rule(WIKIPEDIA, { mode: "DISABLE" })],
      ["ServiceEntry default/httpbin.org", { spec: ENTRY }],
      ["VirtualService default/httpbin.org", renamed("httpbin.org")],
    ]),
    guard: new Map<string, { spec: object }>(),
    clusters: new Map([
      [
        "default/sleep",
        [
          cluster("httpbin.org", 80, "httpbin.org", { tls: "SIMPLE", sni: "httpbin.org" }),
          cluster(WIKIPEDIA, 443, "my-wikipedia", {
            endpoints: [endpoint("198.35.26.96:443"), endpoint("208.80.153.224:443")],
          }),
        ],
      ],
    ]),
  };
}

type World = ReturnType<typeof world>;

/** A VirtualService that gives requests for a host on port 80 a name. */
export function renamed(host: string, authority = host, more: object = {}) {
  const route = [{ destination: { host, port: { number: 80 } } }];
  const http = [{ match: [{ port: 80 }], rewrite: { authority }, route }];
  return { spec: { hosts: [host], http, ...more } };
}

export function rule(host: string, tls: object, more: object = {}) {
  return { spec: { host, trafficPolicy: { tls }, ...more } };
}

/** The rows about a world that somebody has changed. */
export function rows(change: (there: World) => void = () => {}, catalogue = CATALOGUE) {
  const changed = world();
  change(changed);
  return rowsOf(catalogue, changed);
}

/** Those of them that fail, in a line each: `subject: expected | found`. */
export function failures(change: (there: World) => void, catalogue?: Catalogue) {
  return rows(change, catalogue)
    .filter(({ ok }) => !ok)
    .map(({ subject, expected, found }) => `${subject}: ${expected} | ${found}`);
}
