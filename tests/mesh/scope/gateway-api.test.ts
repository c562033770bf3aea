import assert from "node:assert/strict";
import { explainCall, judgeCalls, readMesh, type KubeObject } from "../../../mesh/index.js";
import { HTTP, service, sidecar, virtualService } from "../objects.js";
import { check, cluster, outside, PASSTHROUGH, SE_HTTP, SE_HTTPS } from "../call/rows.js";

const route = (kind: string, namespace: string, name: string, spec: object): KubeObject => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind,
  metadata: { namespace, name },
  spec,
});
const aged = (object: KubeObject, creationTimestamp: string): KubeObject => ({
  ...object,
  metadata: { ...(object.metadata as object), creationTimestamp },
});
const API = "api.n.svc.cluster.local";
const OTHER = "other.n.svc.cluster.local";
const services = [service("n", "api", { ports: [HTTP] }), service("n", "other", { ports: [HTTP] })];
const toApi = { address: API, port: 80, sends: "http" as const };
const parentRefs = [{ group: "", kind: "Service", name: "api" }];
const toOther = [{ backendRefs: [{ name: "other", port: 80 }] }];

describe("what a sidecar does with a call: routes of the Gateway API", () => {
  check([
    {
      it: "follows one whose parent is the Service, for all callers if it stands beside the Service",
      objects: [...services, route("HTTPRoute", "n", "api", { parentRefs, rules: toOther })],
      call: toApi,
      outcomes: cluster(`outbound|80||${OTHER}`),
    },
    {
      it: "follows one of another namespace for callers of that namespace only",
      objects: [
        ...services,
        route("HTTPRoute", "elsewhere", "api", {
          parentRefs: [{ ...parentRefs[0], namespace: "n" }],
          rules: [
            {
              backendRefs: [
                { group: "networking.istio.io", kind: "Hostname", name: OTHER, port: 80 },
              ],
            },
          ],
        }),
      ],
      call: toApi,
      outcomes: cluster(`outbound|80||${API}`),
    },
    {
      it: "takes the most specific match, whichever is written first",
      objects: [
        ...services,
        route("HTTPRoute", "n", "api", {
          parentRefs,
          rules: [
            { backendRefs: [{ name: "api", port: 80 }] },
            {
              matches: [{ path: { type: "PathPrefix", value: "/v2" } }],
              backendRefs: [{ name: "other", port: 80 }],
            },
          ],
        }),
      ],
      call: { ...toApi, path: "/v2/items" },
      outcomes: cluster(`outbound|80||${OTHER}`),
    },
    {
      it: "needs no grant of a backend's namespace for sidecars",
      objects: [
        ...services,
        service("m", "far", { ports: [HTTP] }),
        route("HTTPRoute", "n", "api", {
          parentRefs,
          rules: [{ backendRefs: [{ name: "far", namespace: "m", port: 80 }] }],
        }),
      ],
      call: toApi,
      outcomes: cluster("outbound|80||far.m.svc.cluster.local"),
    },
    {
      it: "follows none whose Service isn't there, though a ServiceEntry has the host",
      objects: [
        outside("n", "w", API, [SE_HTTP]),
        service("n", "other", { ports: [HTTP] }),
        route("HTTPRoute", "n", "api", { parentRefs, rules: toOther }),
      ],
      call: toApi,
      outcomes: cluster(`outbound|80||${API}`),
    },
    {
      it: "brings along what it leads to, though a Sidecar doesn't name that",
      objects: [
        ...services,
        sidecar("shop", "narrow", { egress: [{ hosts: [`n/${API}`] }] }),
        route("HTTPRoute", "n", "api", { parentRefs, rules: toOther }),
      ],
      call: toApi,
      outcomes: cluster(`outbound|80||${OTHER}`),
    },
    {
      it: "isn't followed where a Sidecar names another service alone",
      objects: [
        ...services,
        sidecar("shop", "narrow", { egress: [{ hosts: [`n/${OTHER}`] }] }),
        route("HTTPRoute", "n", "api", { parentRefs, rules: toOther }),
      ],
      call: toApi,
      outcomes: PASSTHROUGH,
    },
    {
      it: "follows none of HTTP for the wildcard of a ServiceEntry",
      objects: [
        ...services,
        outside("n", "wild", "*.h.org", [SE_HTTP], { resolution: "NONE" }),
        route("HTTPRoute", "n", "wild", {
          parentRefs: [{ group: "networking.istio.io", kind: "ServiceEntry", name: "wild" }],
          rules: toOther,
        }),
      ],
      call: { address: "192.0.2.1", port: 80, sends: "http", host: "a.h.org" },
      outcomes: cluster("outbound|80||*.h.org"),
    },
    {
      it: "drops one with a backend without a port",
      objects: [
        ...services,
        route("HTTPRoute", "n", "api", {
          parentRefs,
          rules: [{ backendRefs: [{ name: "other" }] }],
        }),
      ],
      call: toApi,
      outcomes: cluster(`outbound|80||${API}`),
    },
    {
      it: "takes the older of two that match the same, whichever comes first",
      objects: [
        ...services,
        aged(
          route("HTTPRoute", "n", "a", {
            parentRefs,
            rules: [{ backendRefs: [{ name: "other", weight: 0, port: 80 }] }],
          }),
          "2026-01-01T00:00:01Z",
        ),
        aged(route("HTTPRoute", "n", "b", { parentRefs, rules: toOther }), "2026-01-01T00:00:00Z"),
      ],
      call: toApi,
      outcomes: cluster(`outbound|80||${OTHER}`),
    },
    {
      it: "takes a prefix before a regular expression, however long that is",
      objects: [
        ...services,
        route("HTTPRoute", "n", "api", {
          parentRefs,
          rules: [
            {
              matches: [{ path: { type: "RegularExpression", value: "/v2|/a-much-longer-one" } }],
              backendRefs: [{ name: "api", port: 80 }],
            },
            {
              matches: [{ path: { type: "PathPrefix", value: "/v2" } }],
              backendRefs: [{ name: "other", port: 80 }],
            },
          ],
        }),
      ],
      call: { ...toApi, path: "/v2" },
      outcomes: cluster(`outbound|80||${OTHER}`),
    },
    {
      it: "takes the names of the parent for a TLSRoute without names of its own",
      objects: [
        ...services,
        outside("n", "h", "h.org", [SE_HTTPS]),
        outside("n", "i", "i.org", [SE_HTTPS]),
        route("TLSRoute", "n", "h", {
          parentRefs: [{ group: "networking.istio.io", kind: "ServiceEntry", name: "h" }],
          rules: toOther,
        }),
      ],
      call: { address: "i.org", port: 443, sends: "tls", host: "i.org" },
      outcomes: cluster("outbound|443||i.org"),
    },
    {
      it: "resets connections that a TCPRoute gives to no backend",
      objects: [
        service("n", "db", { ports: [{ name: "tcp", port: 5432 }] }),
        route("TCPRoute", "n", "db", {
          parentRefs: [{ group: "", kind: "Service", name: "db" }],
          rules: [{ backendRefs: [{ name: "db", port: 5432, weight: 0 }] }],
        }),
      ],
      call: { address: "db.n.svc.cluster.local", port: 5432, sends: "tcp" },
      outcomes: [
        { via: "no-cluster", cluster: "outbound|65535|zero-weight|internal.cluster.local" },
      ],
    },
    {
      it: "follows no TCPRoute before Istio 1.31, which doesn't read them by default",
      objects: [
        service("n", "db", { ports: [{ name: "tcp", port: 5432 }] }),
        route("TCPRoute", "n", "db", {
          parentRefs: [{ group: "", kind: "Service", name: "db" }],
          rules: toOther,
        }),
      ],
      facts: { istioVersion: "1.30" },
      call: { address: "db.n.svc.cluster.local", port: 5432, sends: "tcp" },
      outcomes: cluster("outbound|5432||db.n.svc.cluster.local"),
    },
    {
      it: "routes TLS whose parent is a ServiceEntry",
      objects: [
        ...services,
        outside("n", "h", "h.org", [SE_HTTP, SE_HTTPS]),
        route("TLSRoute", "n", "h", {
          parentRefs: [{ group: "networking.istio.io", kind: "ServiceEntry", name: "h" }],
          hostnames: ["h.org"],
          rules: toOther,
        }),
      ],
      call: { address: "h.org", port: 443, sends: "tls", host: "h.org" },
      outcomes: cluster(`outbound|80||${OTHER}`),
    },
  ]);
});

describe("a gateway's route to an ExternalName that holds an address", () => {
  const alias = service("istio-system", "ext", {
    type: "ExternalName",
    externalName: "192.0.2.2",
    ports: [{ name: "http", port: 8080 }],
  });
  const routes: Record<string, KubeObject> = {
    HTTPRoute: route("HTTPRoute", "istio-system", "ext", {
      parentRefs: [{ name: "default" }],
      hostnames: ["example.test"],
      rules: [{ backendRefs: [{ name: "ext", port: 8080 }] }],
    }),
    VirtualService: virtualService("istio-system", "ext", {
      hosts: ["example.test"],
      gateways: ["default"],
      http: [{ route: [{ destination: { host: "ext", port: { number: 8080 } } }] }],
    }),
  };
  for (const [kind, object] of Object.entries(routes)) {
    it(`fails, as ${kind}: an ExternalName has no cluster`, () => {
      const verdicts = judgeCalls(readMesh([alias, object]), []);
      const [verdict] = verdicts;
      assert.equal(verdicts.length, 1);
      assert.ok(verdict);
      assert.deepEqual(
        [verdict.answer, verdict.decidedBy?.kind, verdict.call.client],
        ["fails", kind, { namespace: "istio-system", gateway: true }],
      );
      const { summary, fix } = explainCall(verdict);
      assert.match(summary, /the gateway has no cluster outbound\|8080\|\|192\.0\.2\.2/);
      assert.match(fix ?? "", /an ExternalName has no cluster/);
    });
  }
});
