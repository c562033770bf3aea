import assert from "node:assert/strict";
import type { KubeObject } from "../../../mesh/index.js";
import { egressPolicies } from "../../../policies/pack.js";
import {
  analyzeResources,
  itBothWays,
  kubernetesResource,
  preview,
  unknown,
} from "../../harness/index.js";
import { unwrapped } from "../stacks.js";

const NAME = "egress-external-address";

function service(spec: Record<string, unknown>): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "my-alias", namespace: "default" },
    spec: { ports: [{ name: "tls", port: 443 }], ...spec },
  };
}

const external = (externalName: string, more: Record<string, unknown> = {}) =>
  service({ type: "ExternalName", externalName, ...more });

function endpoints(...addresses: Record<string, unknown>[]): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Endpoints",
    metadata: { name: "my-alias", namespace: "default" },
    subsets: [{ addresses, ports: [{ name: "tls", port: 443 }] }],
  };
}

function slice(...addresses: string[]): KubeObject {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: "my-alias-1",
      namespace: "default",
      labels: { "kubernetes.io/service-name": "my-alias" },
    },
    addressType: addresses.some((address) => address.includes(":")) ? "IPv6" : "IPv4",
    endpoints: addresses.map((address) => ({ addresses: [address] })),
    ports: [{ name: "tls", port: 443 }],
  };
}

function entry(spec: Record<string, unknown>): KubeObject {
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "ServiceEntry",
    metadata: { name: "my-alias", namespace: "default" },
    spec: { hosts: ["httpbin.org"], ports: [{ name: "http", number: 80 }], ...spec },
  };
}

const CIDRS = { clusterCidrs: ["10.244.0.0/16", "10.96.0.0/12", "fd00:10::/32"] };
const POD = { kind: "Pod", name: "web-0", namespace: "default" };

const REPORTED: [string, KubeObject, RegExp][] = [
  ["localhost", external("localhost"), /calling machine itself/],
  ["a name below localhost", external("db.localhost"), /calling machine itself/],
  ["Google's metadata service", external("metadata.google.internal"), /metadata service/],
  ["AWS's metadata service by name", external("instance-data.ec2.internal"), /metadata service/],
  ["the API server", external("kubernetes.default.svc.cluster.local"), /API server/],
  ["a metadata address as a name", external("169.254.169.254"), /metadata service/],
  ["an ordinary address as a name", external("198.35.26.96"), /looked up in DNS/],
  ["a dot at the end", external("httpbin.org."), /ends in a dot/],
  [
    "a name that would clear the screen",
    external("a\u001b[2J\nok: b."),
    /a\\u001b\[2J\\nok: b\. ends in a dot/,
  ],
  ["a selector", external("httpbin.org", { selector: { app: "web" } }), /selects Pods/],
  ["externalIPs", external("httpbin.org", { externalIPs: ["203.0.113.9"] }), /203\.0\.113\.9/],
  ["externalIPs without a selector", service({ externalIPs: ["203.0.113.9"] }), /externalIPs/],
  [
    "externalIPs, selector {}",
    service({ selector: {}, externalIPs: ["203.0.113.9"] }),
    /externalIPs/,
  ],
  ["a loopback address", endpoints({ ip: "127.0.0.1" }), /calling machine itself/],
  ["an IPv6 loopback address", slice("::1"), /calling machine itself/],
  ["a loopback address mapped into IPv6", slice("::ffff:127.0.0.1"), /calling machine itself/],
  ["the unspecified address", endpoints({ ip: "0.0.0.0" }), /no address of a host/],
  ["a link-local address", slice("169.254.10.1"), /link-local/],
  ["AWS's metadata address", slice("169.254.169.254"), /metadata service/],
  ["AWS's IPv6 metadata address", slice("fd00:ec2::254"), /metadata service/],
  ["Alibaba's metadata address", endpoints({ ip: "100.100.100.200" }), /Alibaba/],
  ["Azure's platform address", slice("168.63.129.16"), /Azure/],
  ["a multicast address", slice("224.0.1.1"), /multicast/],
  ["an address of the Pod range", endpoints({ ip: "10.244.3.7" }), /inside the cluster/],
  [
    "an address of the Service range",
    slice("10.96.0.1"),
    /inside the cluster \(10\.96\.0\.0\/12\)/,
  ],
  ["an IPv6 address of the Pod range", slice("fd00:10::7"), /inside the cluster/],
  [
    "the metadata address beside a Pod's name",
    endpoints({ ip: "169.254.169.254", targetRef: POD }),
    /metadata service/,
  ],
  [
    "an address inside beside something else's name",
    endpoints({ ip: "10.244.3.7", targetRef: { kind: "Node", name: "n" } }),
    /inside the cluster/,
  ],
  [
    "an address inside beside nobody's name",
    endpoints({ ip: "10.244.3.7", targetRef: { kind: "Pod" } }),
    /inside the cluster/,
  ],
  [
    "the metadata address in a ServiceEntry",
    entry({ resolution: "STATIC", endpoints: [{ address: "169.254.169.254" }] }),
    /ServiceEntry default\/my-alias: 169\.254\.169\.254 is the metadata service/,
  ],
  [
    "an address inside in a ServiceEntry for something outside",
    entry({ resolution: "STATIC", endpoints: [{ address: "10.244.3.7" }] }),
    /inside the cluster/,
  ],
  [
    "a name of the metadata service that a ServiceEntry looks up",
    entry({ hosts: ["metadata.google.internal"], resolution: "DNS" }),
    /metadata service/,
  ],
  [
    "the calling machine itself, by name, behind another host",
    entry({ resolution: "DNS_ROUND_ROBIN", endpoints: [{ address: "localhost" }] }),
    /calling machine itself/,
  ],
  [
    "a workload at the metadata address",
    {
      apiVersion: "networking.istio.io/v1",
      kind: "WorkloadEntry",
      metadata: { name: "my-alias", namespace: "default" },
      spec: { address: "169.254.169.254" },
    },
    /metadata service/,
  ],
  [
    "one bad address among good ones",
    endpoints({ ip: "198.35.26.96" }, { ip: "127.0.0.1" }),
    /127\.0\.0\.1/,
  ],
];

const SILENT: [string, KubeObject][] = [
  ["an ordinary external name", external("httpbin.org")],
  ["a Service of the cluster as an external name", external("web.shop.svc.cluster.local")],
  ["a name that only contains localhost", external("localhost.example.org")],
  ["ordinary addresses", endpoints({ ip: "198.35.26.96" }, { ip: "91.198.174.192" })],
  ["a private address outside the cluster's ranges", endpoints({ ip: "10.10.0.5" })],
  ["an ordinary IPv6 address", slice("2620:0:861:ed1a::1")],
  ["a Pod's address with the Pod named", endpoints({ ip: "10.244.3.7", targetRef: POD })],
  [
    "a Pod's address whose Pod isn't known yet",
    endpoints({ ip: "10.244.3.7", targetRef: { kind: "Pod", name: unknown } }),
  ],
  ["a ServiceEntry for something outside", entry({ resolution: "DNS" })],
  [
    "a ServiceEntry whose endpoints aren't known yet",
    entry({ resolution: "STATIC", endpoints: unknown }),
  ],
  [
    "a ServiceEntry for servers of the mesh",
    entry({
      location: "MESH_INTERNAL",
      resolution: "STATIC",
      endpoints: [{ address: "10.244.3.7" }],
    }),
  ],
  [
    "a name that is looked up behind other addresses",
    entry({
      hosts: ["metadata.google.internal"],
      resolution: "DNS",
      endpoints: [{ address: "proxy.example" }],
    }),
  ],
  [
    "externalIPs of a Service with a selector",
    service({ selector: { app: "w" }, externalIPs: ["203.0.113.9"] }),
  ],
  ["a name that isn't known yet", external(unknown)],
  ["an address that isn't known yet", endpoints({ ip: unknown })],
  ["a selector that isn't known yet", service({ selector: unknown, externalIPs: ["203.0.113.9"] })],
];

describe(NAME, () => {
  const reports = async (object: KubeObject, way: "raw" | "proxied") =>
    (await analyzeResources(egressPolicies(CIDRS), [kubernetesResource(object)], { way })).filter(
      ({ policy }) => policy === NAME,
    );

  describe("refuses", () => {
    for (const [what, object, message] of REPORTED) {
      itBothWays(what, async (way) => {
        const [report, ...others] = await reports(object, way);
        assert.match(unwrapped(report?.message), message);
        assert.match(report?.message ?? "", /^instead: /m);
        assert.equal(report?.level, "mandatory");
        assert.deepEqual(others, []);
      });
    }
  });

  describe("has nothing against", () => {
    for (const [what, object] of SILENT) {
      itBothWays(what, async (way) => assert.deepEqual(await reports(object, way), []));
    }
  });

  describe("believes no name of a Pod that the stack shows at another address", () => {
    const pod = (podIP: unknown): KubeObject => ({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: POD.name, namespace: POD.namespace },
      status: { podIP, podIPs: [{ ip: podIP }] },
    });
    const cases: [string, KubeObject, RegExp | undefined][] = [
      ["another address", pod("10.244.9.9"), /isn't the address of Pod web-0/],
      ["its own", pod("10.244.3.7"), undefined],
      ["one that isn't known yet", pod(unknown), undefined],
    ];
    for (const [what, shown, message] of cases) {
      itBothWays(what, async (way) => {
        const stack = [endpoints({ ip: "10.244.3.7", targetRef: POD }), shown].map((object) =>
          kubernetesResource(object),
        );
        const reports = await preview(egressPolicies(CIDRS), stack, { way });
        const found = reports.filter(({ policy }) => policy === NAME);
        assert.equal(found.length, message ? 1 : 0);
        if (message) assert.match(unwrapped(found[0]?.message), message);
      });
    }
  });
});
