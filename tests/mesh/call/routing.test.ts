import { HTTP, HTTPS, MUTUAL, rule, service, virtualService, W_HOST } from "../objects.js";

import { check, cluster, outside, SE_HTTP, SE_HTTPS } from "./rows.js";

describe("what a sidecar does with a call: routes", () => {
  const entry = outside("n", "h", "h.org", [SE_HTTP, SE_HTTPS]);
  const gateway = service("istio-system", "egress", { ports: [HTTP, HTTPS] });
  const to = (host: string, more: object = {}, weight?: number) => ({
    destination: { host, ...more },
    ...(weight === undefined ? {} : { weight }),
  });
  const http = { address: "h.org", port: 80, sends: "http" as const };
  check([
    {
      it: "sends HTTP to another port of the host, where the cluster starts TLS",
      objects: [
        entry,
        virtualService("n", "h", {
          hosts: ["h.org"],
          http: [{ route: [to("h.org", { port: { number: 443 } })] }],
        }),
        rule("n", "h", {
          host: "h.org",
          trafficPolicy: {
            portLevelSettings: [{ port: { number: 443 }, tls: { mode: "SIMPLE", sni: "h.org" } }],
          },
        }),
      ],
      call: http,
      outcomes: cluster("outbound|443||h.org", "SIMPLE", { sni: "h.org" }),
    },
    {
      it: "has no cluster for a subset that no rule declares to the client",
      objects: [
        entry,
        gateway,
        rule("mesh-config", "egress", {
          host: "egress.istio-system.svc.cluster.local",
          subsets: [{ name: "h", trafficPolicy: { tls: MUTUAL } }],
        }),
        virtualService("mesh-config", "h", {
          hosts: ["h.org"],
          http: [
            {
              route: [
                to("egress.istio-system.svc.cluster.local", { subset: "h", port: { number: 80 } }),
              ],
            },
          ],
        }),
      ],
      call: http,
      outcomes: [
        { via: "no-cluster", cluster: "outbound|80|h|egress.istio-system.svc.cluster.local" },
      ],
    },
    {
      it: "chooses by weight, and leaves out what has none",
      objects: [
        entry,
        gateway,
        virtualService("n", "h", {
          hosts: ["h.org"],
          http: [
            {
              route: [
                to("h.org", {}, 90),
                to("egress.istio-system.svc.cluster.local", {}, 10),
                to("nobody.example", {}, 0),
              ],
            },
          ],
        }),
      ],
      call: http,
      outcomes: [
        ...cluster("outbound|80||egress.istio-system.svc.cluster.local"),
        ...cluster("outbound|80||h.org"),
      ],
    },
    {
      it: "answers 404 where no route fits",
      objects: [
        entry,
        virtualService("n", "h", {
          hosts: ["h.org"],
          http: [
            { match: [{ uri: { prefix: "/old" } }], redirect: { uri: "/new" } },
            { match: [{ uri: { exact: "/api" } }], route: [to("h.org")] },
          ],
        }),
      ],
      call: http,
      outcomes: [{ via: "no-route" }],
    },
    {
      it: "answers by itself for a redirect",
      objects: [
        entry,
        virtualService("n", "h", {
          hosts: ["h.org"],
          http: [{ match: [{ uri: { prefix: "/old" } }], redirect: { uri: "/new" } }],
        }),
      ],
      call: { ...http, path: "/old/page" },
      outcomes: [{ via: "response" }],
    },
    {
      it: "leaves out routes for gateways and for other callers",
      objects: [
        entry,
        virtualService("n", "h", {
          hosts: ["h.org"],
          gateways: ["mesh", "n/out"],
          http: [
            { match: [{ gateways: ["n/out"] }], route: [to("nobody.example")] },
            { match: [{ sourceNamespace: "elsewhere" }], route: [to("nobody.example")] },
            { match: [{ sourceLabels: { app: "web" } }], route: [to("nobody.example")] },
            { route: [to("h.org", { port: { number: 443 } })] },
          ],
        }),
      ],
      call: http,
      outcomes: cluster("outbound|443||h.org"),
    },
    {
      it: "follows a delegate",
      objects: [
        entry,
        virtualService("n", "h", {
          hosts: ["h.org"],
          http: [{ match: [{ uri: { prefix: "/" } }], delegate: { name: "part" } }],
        }),
        virtualService("n", "part", {
          http: [{ route: [to("h.org", { port: { number: 443 } })] }],
        }),
      ],
      call: http,
      outcomes: cluster("outbound|443||h.org"),
    },
    {
      it: "routes TLS by the server names of a match",
      objects: [
        entry,
        gateway,
        virtualService("n", "h", {
          hosts: ["h.org"],
          tls: [
            {
              match: [{ port: 443, sniHosts: ["h.org"] }],
              route: [to("egress.istio-system.svc.cluster.local", { port: { number: 443 } })],
            },
          ],
        }),
      ],
      call: { address: "h.org", port: 443, sends: "tls", host: "h.org" },
      outcomes: cluster("outbound|443||egress.istio-system.svc.cluster.local"),
    },
    {
      it: "routes TCP of a declared address",
      objects: [
        service("n", "w", { ports: [{ name: "tcp", port: 5432 }] }),
        gateway,
        virtualService("n", "w", {
          hosts: [W_HOST],
          tcp: [
            {
              match: [{ port: 5432 }],
              route: [to("egress.istio-system.svc.cluster.local", { port: { number: 443 } })],
            },
          ],
        }),
      ],
      call: { port: 5432, sends: "tcp" },
      outcomes: cluster("outbound|443||egress.istio-system.svc.cluster.local"),
    },
    {
      it: "has no cluster for an ExternalName that holds an address",
      objects: [
        entry,
        service("n", "ip", { type: "ExternalName", externalName: "192.0.2.2", ports: [HTTP] }),
        virtualService("n", "h", {
          hosts: ["h.org"],
          http: [{ route: [to("ip.n.svc.cluster.local", { port: { number: 80 } })] }],
        }),
      ],
      call: http,
      outcomes: [{ via: "no-cluster", cluster: "outbound|80||192.0.2.2" }],
    },
  ]);
});
