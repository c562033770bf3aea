import { UNKNOWN } from "../../../mesh/index.js";
import { DISABLE, MUTUAL, rule, sidecar, tls, W, W_HOST } from "../objects.js";

import { check, cluster } from "./rows.js";

describe("what a sidecar does with a call: capture", () => {
  const excluding = (annotations: Record<string, string>, spec = {}) => ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { namespace: "shop", name: "web" },
    spec: { template: { metadata: { labels: { app: "web" }, annotations }, spec } },
  });
  const broken = [...W, rule("n", "w", { host: W_HOST, trafficPolicy: { tls: MUTUAL } })];
  const taken = cluster(`outbound|443||${W_HOST}`, "ISTIO_MUTUAL");
  const direct = [{ via: "direct" }];
  const bound = sidecar("shop", "s", {
    egress: [
      {
        port: { number: 443, name: "tls", protocol: "TLS" },
        captureMode: "NONE",
        hosts: [`n/${W_HOST}`],
      },
      { hosts: ["*/*"] },
    ],
  });
  check([
    {
      it: "leaves ports alone that are excluded",
      objects: [
        ...broken,
        excluding({ "traffic.sidecar.istio.io/excludeOutboundPorts": "25, 443" }),
      ],
      call: {},
      outcomes: direct,
    },
    {
      it: "takes only the ranges that are included",
      objects: [
        ...broken,
        excluding({ "traffic.sidecar.istio.io/includeOutboundIPRanges": "10.0.0.0/8" }),
      ],
      call: { address: "91.198.174.192" },
      outcomes: direct,
    },
    {
      it: "can't tell for an address that only the cluster knows",
      objects: [
        ...broken,
        excluding({ "traffic.sidecar.istio.io/includeOutboundIPRanges": "10.0.0.0/8" }),
      ],
      call: {},
      outcomes: {
        undecided:
          "the sidecar takes calls to some ranges only, and the address of Service n/w isn't known",
      },
    },
    {
      it: "takes an included port whatever the range",
      objects: [
        ...broken,
        excluding({
          "traffic.sidecar.istio.io/includeOutboundIPRanges": "10.0.0.0/8",
          "traffic.sidecar.istio.io/includeOutboundPorts": "443",
        }),
      ],
      call: {},
      outcomes: taken,
    },
    {
      it: "takes nothing where the included ranges are empty",
      objects: [...broken, excluding({ "traffic.sidecar.istio.io/includeOutboundIPRanges": "" })],
      call: {},
      outcomes: direct,
    },
    {
      it: "leaves alone what the mesh excludes",
      objects: broken,
      facts: { excludeOutboundPorts: ["443"] },
      call: {},
      outcomes: direct,
    },
    {
      it: "takes the ranges that the mesh includes, unless a workload says otherwise",
      objects: [...broken, excluding({ "traffic.sidecar.istio.io/includeOutboundIPRanges": "*" })],
      facts: { includeOutboundIPRanges: ["10.0.0.0/8"] },
      call: {},
      outcomes: taken,
    },
    {
      it: "takes nothing where the proxy intercepts nothing",
      objects: [...broken, excluding({ "sidecar.istio.io/interceptionMode": "NONE" })],
      call: {},
      outcomes: direct,
    },
    {
      it: "can't tell while an annotation isn't known",
      objects: [
        ...broken,
        excluding({
          "traffic.sidecar.istio.io/excludeOutboundPorts": UNKNOWN as unknown as string,
        }),
      ],
      call: {},
      outcomes: {
        undecided:
          "annotation traffic.sidecar.istio.io/excludeOutboundPorts of a workload of the client isn't known yet",
      },
    },
    {
      it: "takes a call to the workload itself only where a Sidecar's listener is bound there",
      objects: [...broken, bound],
      call: { address: "127.0.0.1", port: 443, host: W_HOST },
      outcomes: taken,
    },
    {
      it: "leaves the workload's other calls to itself alone",
      objects: [...broken, bound],
      call: { address: "127.0.0.1", port: 9444 },
      outcomes: direct,
    },
    {
      it: "knows no sidecar on the node's own network",
      objects: [...broken, excluding({}, { hostNetwork: true })],
      call: {},
      outcomes: direct,
    },
    {
      it: "is asked for all workloads of a namespace that differ",
      objects: [
        ...broken,
        excluding({ "traffic.sidecar.istio.io/excludeOutboundPorts": "443" }),
        {
          apiVersion: "v1",
          kind: "Pod",
          metadata: { namespace: "shop", name: "other", labels: { app: "other" } },
        },
      ],
      call: {},
      outcomes: [...taken, ...direct],
    },
    {
      it: "is told by the namespace's label",
      objects: [
        ...broken,
        {
          apiVersion: "v1",
          kind: "Namespace",
          metadata: { name: "shop", labels: { "istio-injection": "disabled" } },
        },
      ],
      call: {},
      outcomes: direct,
    },
  ]);
});

describe("what a cluster adds by itself", () => {
  check([
    {
      it: "starts no TLS for a credential that a sidecar may not read",
      objects: [
        ...W,
        rule("n", "w", { host: W_HOST, ...tls({ mode: "SIMPLE", credentialName: "ca" }) }),
      ],
      call: {},
      outcomes: cluster(`outbound|443||${W_HOST}`),
    },
    {
      it: "starts TLS in the TLS of a port named https",
      objects: [...W, rule("n", "w", { host: W_HOST, ...tls({ mode: "SIMPLE" }) })],
      call: {},
      outcomes: cluster(`outbound|443||${W_HOST}`, "SIMPLE"),
    },
    {
      it: "adds nothing for a port that no setting meets",
      objects: [
        ...W,
        rule("n", "w", {
          host: W_HOST,
          trafficPolicy: { portLevelSettings: [{ port: { number: 8443 }, tls: DISABLE }] },
        }),
      ],
      call: {},
      outcomes: cluster(`outbound|443||${W_HOST}`),
    },
  ]);
});
