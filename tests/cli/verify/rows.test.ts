import assert from "node:assert/strict";
import { parseCatalogue } from "../../../catalogue/catalogue.js";
import { CATALOGUE, cluster, endpoint, failures, pod, renamed, rows, WIKIPEDIA } from "./world.js";

describe("what is declared, compared with what is there", () => {
  it("has a row for every Pod, object and sidecar, and all are well where nothing differs", () => {
    assert.deepEqual(
      rows().map(({ subject, found, ok }) => [ok, subject, found]),
      [
        [true, "Pod default/sleep", "2/2 Running"],
        [true, "Pod without-istio/sleep", "1/1 Running"],
        [true, "Service default/my-httpbin", "ExternalName <none> httpbin.org 80/TCP"],
        [
          true,
          "DestinationRule default/my-httpbin",
          "my-httpbin.default.svc.cluster.local: 80 SIMPLE",
        ],
        [true, "DestinationRule default/httpbin.org", "httpbin.org: 80 SIMPLE"],
        [true, "ServiceEntry default/httpbin.org", "httpbin.org: 80 to 443"],
        [true, "VirtualService default/httpbin.org", "httpbin.org: 80 as httpbin.org"],
        [true, "Service default/my-wikipedia", "ClusterIP 10.96.57.8 <none> 443/TCP"],
        [true, "EndpointSlices default/my-wikipedia", "198.35.26.96:443 208.80.153.224:443"],
        [true, "DestinationRule default/my-wikipedia", `${WIKIPEDIA}: 443 DISABLE`],
        [
          true,
          "default/sleep → default/my-httpbin:80",
          "SIMPLE to httpbin.org by default/httpbin.org",
        ],
        [
          true,
          "default/sleep → default/my-wikipedia:443",
          "PLAIN by default/my-wikipedia, 2 endpoints",
        ],
      ],
    );
  });

  const differences: [story: string, change: Parameters<typeof failures>[0], failure: string][] = [
    [
      "no Pod of a client",
      ({ pods }) => pods.set("without-istio/sleep", []),
      "Pod without-istio/sleep: 1/1 Running | missing",
    ],
    [
      "a client of the mesh without a sidecar",
      ({ pods }) => pods.set("default/sleep", [pod("default", "sleep")]),
      "Pod default/sleep: 2/2 Running | 1/1 Running, no sidecar",
    ],
    [
      "a sidecar in a client outside the mesh",
      ({ pods }) => pods.set("without-istio/sleep", [pod("without-istio", "sleep", "istio-proxy")]),
      "Pod without-istio/sleep: 1/1 Running | 2/2 Running, has a sidecar",
    ],
    [
      "a Service that isn't there",
      ({ services }) => services.delete("default/my-httpbin"),
      "Service default/my-httpbin: ExternalName <none> httpbin.org 80/TCP | missing",
    ],
    [
      "a Service for another name",
      ({ services }) =>
        services.set("default/my-httpbin", {
          spec: { type: "ExternalName", externalName: "example.org", ports: [{ port: 80 }] },
        }),
      "Service default/my-httpbin: ExternalName <none> httpbin.org 80/TCP | ExternalName <none> example.org 80/TCP",
    ],
    [
      "a headless Service where one with an address is declared",
      ({ services }) =>
        services.set("default/my-wikipedia", {
          spec: { type: "ClusterIP", clusterIP: "None", ports: [{ port: 443 }] },
        }),
      "Service default/my-wikipedia: ClusterIP <an address> <none> 443/TCP | ClusterIP None <none> 443/TCP",
    ],
    [
      "an address that nobody mirrored",
      ({ slices }) =>
        slices.set("default/my-wikipedia", [
          { endpoints: [{ addresses: ["198.35.26.96"] }], ports: [{ port: 443 }] },
        ]),
      "EndpointSlices default/my-wikipedia: 198.35.26.96:443 208.80.153.224:443 | 198.35.26.96:443",
    ],
    [
      "requests that keep the alias for a Host header",
      ({ istioObjects }) => istioObjects.delete("VirtualService default/httpbin.org"),
      "VirtualService default/httpbin.org: httpbin.org: 80 as httpbin.org | missing",
    ],
    [
      "a wildcard elsewhere that decides instead",
      ({ clusters }) =>
        clusters.get("default/sleep")?.splice(
          1,
          1,
          cluster(WIKIPEDIA, 443, "mesh-mtls", {
            tls: "ISTIO_MUTUAL",
            endpoints: [endpoint("a"), endpoint("b")],
          }),
        ),
      "default/sleep → default/my-wikipedia:443: PLAIN by default/my-wikipedia, 2 endpoints | ISTIO_MUTUAL by default/mesh-mtls, 2 endpoints",
    ],
    [
      "the right TLS by a rule that isn't ours",
      ({ clusters }) =>
        clusters
          .get("default/sleep")
          ?.splice(
            1,
            1,
            cluster(WIKIPEDIA, 443, "theirs", { endpoints: [endpoint("a"), endpoint("b")] }),
          ),
      "default/sleep → default/my-wikipedia:443: PLAIN by default/my-wikipedia, 2 endpoints | PLAIN by default/theirs, 2 endpoints",
    ],
    [
      "a cluster without endpoints",
      ({ clusters }) =>
        clusters.get("default/sleep")?.splice(1, 1, cluster(WIKIPEDIA, 443, "my-wikipedia", {})),
      "default/sleep → default/my-wikipedia:443: PLAIN by default/my-wikipedia, 2 endpoints | PLAIN by default/my-wikipedia, 0 endpoints",
    ],
    [
      "a target that istiod doesn't know",
      ({ clusters }) => clusters.get("default/sleep")?.shift(),
      "default/sleep → default/my-httpbin:80: SIMPLE to httpbin.org by default/httpbin.org | no cluster",
    ],
    [
      "requests by the alias's name that aren't routed to its target's cluster",
      ({ clusters }) =>
        clusters
          .get("default/sleep")
          ?.forEach((sent) => Object.assign(sent, { routedHosts: [sent.host] })),
      "default/sleep → default/my-httpbin:80: SIMPLE to httpbin.org by default/httpbin.org | no cluster",
    ],
    [
      "TLS to another server name",
      ({ clusters }) =>
        clusters
          .get("default/sleep")
          ?.splice(
            0,
            1,
            cluster("httpbin.org", 80, "httpbin.org", { tls: "SIMPLE", sni: "my-httpbin" }),
          ),
      "default/sleep → default/my-httpbin:80: SIMPLE to httpbin.org by default/httpbin.org | SIMPLE to my-httpbin by default/httpbin.org",
    ],
  ];
  for (const [story, change, failure] of differences) {
    it(`finds ${story}`, () => assert.deepEqual(failures(change), [failure]));
  }

  it("says so where no sidecar runs whose configuration could be read", () => {
    const failed = failures(({ clusters, pods }) => {
      clusters.clear();
      delete pods.get("default/sleep")![0]!.status.podIP;
    });
    assert.equal(failed.length, 2);
    assert.ok(failed.every((text) => text.endsWith("| not compared: no sidecar runs")));
  });

  it("says so where the sidecar that runs isn't connected, and where its log is", () => {
    const failed = failures(({ clusters }) => clusters.clear());
    assert.equal(failed.length, 2);
    for (const text of failed) {
      assert.match(
        text,
        /isn't connected; .* kubectl logs -n default deploy\/sleep -c istio-proxy$/,
      );
    }
  });

  it("asks on an older Istio about the alias itself, whose own cluster carries the traffic", () => {
    const old = { ...CATALOGUE, mesh: { ...CATALOGUE.mesh, istioVersion: "1.20" } };
    const subjects = rows(undefined, old).map(({ subject }) => subject);
    assert.ok(!subjects.includes("ServiceEntry default/httpbin.org"));
    const failed = failures(({ clusters, istioObjects }) => {
      const host = "my-httpbin.default.svc.cluster.local";
      istioObjects.set("VirtualService default/my-httpbin", renamed(host, "httpbin.org"));
      clusters
        .get("default/sleep")
        ?.push(cluster(host, 80, "my-httpbin", { tls: "SIMPLE", sni: "httpbin.org" }));
    }, old);
    assert.deepEqual(failed, []);
  });

  it("expects nothing of a client that a rule isn't exported to", () => {
    const [httpbin, wikipedia] = CATALOGUE.aliases;
    assert.ok(httpbin && wikipedia);
    const hidden = { ...CATALOGUE, aliases: [httpbin, { ...wikipedia, exportTo: ["payments"] }] };
    const subjects = rows(undefined, hidden).map(({ subject }) => subject);
    assert.ok(!subjects.includes("default/sleep → default/my-wikipedia:443"));
    assert.ok(subjects.includes("DestinationRule default/my-wikipedia"));
  });

  it("expects plain traffic on a port where the workload encrypts, and TLS beside it", () => {
    const [, wikipedia] = CATALOGUE.aliases;
    assert.ok(wikipedia);
    const both = parseCatalogue(
      {
        clients: [{ namespace: "default", injected: true }],
        aliases: [
          {
            name: "my-wikipedia",
            addresses: wikipedia.addresses,
            ports: [
              { name: "http", port: 80, targetPort: 443 },
              { name: "tls", port: 443 },
            ],
            tls: { mode: "SIMPLE", sni: "en.wikipedia.org" },
          },
        ],
      },
      "Pulumi.test.yaml",
    );
    const names = { sni: "en.wikipedia.org", subjectAltNames: ["en.wikipedia.org"] };
    const encrypting = { port: { number: 80 }, tls: { mode: "SIMPLE", ...names } };
    const trafficPolicy = { tls: { mode: "DISABLE" }, portLevelSettings: [encrypting] };
    const live = { spec: { host: WIKIPEDIA, trafficPolicy } };
    const expected = rows(
      ({ istioObjects }) => istioObjects.set("DestinationRule default/my-wikipedia", live),
      both,
    ).map(({ subject, expected }) => `${subject}: ${expected}`);
    assert.ok(
      expected.includes(
        `DestinationRule default/my-wikipedia: ${WIKIPEDIA}: 80 SIMPLE, 443 DISABLE`,
      ),
    );
    assert.ok(
      expected.includes(
        "default/sleep → default/my-wikipedia:80: SIMPLE to en.wikipedia.org by default/my-wikipedia, 2 endpoints",
      ),
    );
    assert.ok(
      expected.includes(
        "default/sleep → default/my-wikipedia:443: PLAIN by default/my-wikipedia, 2 endpoints",
      ),
    );
  });
});
