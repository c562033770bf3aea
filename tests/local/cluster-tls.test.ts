import assert from "node:assert/strict";
import { type ClusterTls, readClusters } from "../../local/cluster-tls.js";

const CLUSTER = "type.googleapis.com/envoy.config.cluster.v3.Cluster";
const ASSIGNMENT = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment";
const NAME = "outbound|443||w.n.svc.cluster.local";

type Fields = Record<string, unknown>;

const plainSocket = { name: "envoy.transport_sockets.raw_buffer" };

const tlsSocket = (context: Fields, sni?: string) => ({
  name: "envoy.transport_sockets.tls",
  typedConfig: { commonTlsContext: context, ...(sni !== undefined && { sni }) },
});

const secrets = (name: string) => ({ tlsCertificateSdsSecretConfigs: [{ name }] });
const match = (name: string, transportSocket: Fields) => ({ name, match: {}, transportSocket });

const istioSocket = tlsSocket(secrets("default"), "outbound_.443_._.w.n.svc.cluster.local");
const fileCertificate = secrets("file-cert:/etc/certs/tls.crt~/etc/certs/tls.key");

const dumpOf = (...fields: Fields[]) => ({
  configs: fields.map((field) => ({ "@type": CLUSTER, name: NAME, type: "EDS", ...field })),
});

describe("the TLS of a cluster in a sidecar's configuration", () => {
  const table: { because: string; fields: Fields; tls: ClusterTls }[] = [
    { because: "there is no socket at all", fields: {}, tls: "PLAIN" },
    { because: "the socket is a raw one", fields: { transportSocket: plainSocket }, tls: "PLAIN" },
    {
      because: "TLS presents the certificate that Istio issued",
      fields: { transportSocket: istioSocket },
      tls: "ISTIO_MUTUAL",
    },
    {
      because: "TLS presents nothing",
      fields: { transportSocket: tlsSocket({ combinedValidationContext: {} }) },
      tls: "SIMPLE",
    },
    {
      because: "TLS presents a certificate from a file",
      fields: { transportSocket: tlsSocket(fileCertificate) },
      tls: "MUTUAL",
    },
    {
      because: "TLS presents a certificate written inline",
      fields: { transportSocket: tlsSocket({ tlsCertificates: [{}] }) },
      tls: "MUTUAL",
    },
    {
      because: "each endpoint decides",
      fields: {
        transportSocketMatches: [
          match("tlsMode-istio", istioSocket),
          match("tlsMode-disabled", plainSocket),
        ],
      },
      tls: "AUTO",
    },
    {
      because: "plain text is the only thing to match",
      fields: { transportSocketMatches: [match("tlsMode-disabled", plainSocket)] },
      tls: "PLAIN",
    },
    {
      because: "plain text is missing from what can match",
      fields: {
        transportSocketMatches: [match("hbone", plainSocket), match("tlsMode-istio", istioSocket)],
      },
      tls: "ISTIO_MUTUAL",
    },
    {
      because: "the user's own socket is what matches",
      fields: { transportSocketMatches: [match("user", tlsSocket(fileCertificate))] },
      tls: "MUTUAL",
    },
    {
      because: "Istio's TLS is wrapped in the PROXY protocol",
      fields: {
        transportSocket: {
          name: "envoy.transport_sockets.upstream_proxy_protocol",
          typedConfig: { transportSocket: istioSocket },
        },
      },
      tls: "ISTIO_MUTUAL",
    },
    {
      because: "only the PROXY protocol is spoken",
      fields: {
        transportSocket: {
          name: "envoy.transport_sockets.upstream_proxy_protocol",
          typedConfig: { transportSocket: plainSocket },
        },
      },
      tls: "PLAIN",
    },
  ];

  for (const { because, fields, tls } of table) {
    it(`is ${tls} because ${because}`, () => {
      assert.deepEqual(
        readClusters(dumpOf(fields)).map((found) => found.tls),
        [tls],
      );
    });
  }
});

describe("a sidecar's configuration dump", () => {
  const config = "/apis/networking.istio.io/v1alpha3/namespaces/n/destination-rule/wikipedia";
  const metadata = { filterMetadata: { istio: { config } } };
  const rule = { kind: "DestinationRule", namespace: "n", name: "wikipedia" };
  const endpoint = (address: string, metadata?: Fields) => ({
    endpoint: { address: { socketAddress: { address, portValue: 443 } } },
    ...(metadata && { metadata }),
  });
  const inMesh = { filterMetadata: { "envoy.transport_socket_match": { tlsMode: "istio" } } };
  const assignment = {
    clusterName: NAME,
    endpoints: [{ lbEndpoints: [endpoint("203.0.113.7"), endpoint("10.244.0.3", inMesh)] }],
  };
  const expected = {
    host: "w.n.svc.cluster.local",
    port: 443,
    subset: "",
    tls: "ISTIO_MUTUAL",
    rule,
    sni: "outbound_.443_._.w.n.svc.cluster.local",
    discovery: "EDS",
    endpoints: [
      { address: "203.0.113.7:443", istioMutual: false },
      { address: "10.244.0.3:443", istioMutual: true },
    ],
  };
  const cluster = { "@type": CLUSTER, name: NAME, type: "EDS", transportSocket: istioSocket };

  it("of istiod reports rule, server name and endpoints", () => {
    const configs = [
      { ...cluster, metadata },
      { "@type": ASSIGNMENT, ...assignment },
    ];
    assert.deepEqual(readClusters({ configs }), [expected]);
  });

  it("of Envoy itself reports the same, in Envoy's envelopes and spelling", () => {
    const envelope = (kind: string) => `type.googleapis.com/envoy.admin.v3.${kind}`;
    const configs = [
      {
        "@type": envelope("ClustersConfigDump"),
        version_info: "1",
        static_clusters: [{ cluster: { "@type": CLUSTER, name: "prometheus_stats" } }],
        dynamic_active_clusters: [
          {
            version_info: "1",
            cluster: {
              "@type": CLUSTER,
              name: NAME,
              type: "EDS",
              transport_socket: {
                name: "envoy.transport_sockets.tls",
                typed_config: {
                  sni: expected.sni,
                  common_tls_context: {
                    tls_certificate_sds_secret_configs: [{ name: "default" }],
                  },
                },
              },
              metadata: { filter_metadata: { istio: { config } } },
            },
          },
        ],
      },
      {
        "@type": envelope("EndpointsConfigDump"),
        dynamic_endpoint_configs: [
          {
            endpoint_config: {
              "@type": ASSIGNMENT,
              cluster_name: NAME,
              endpoints: [
                {
                  lb_endpoints: [
                    {
                      endpoint: {
                        address: { socket_address: { address: "203.0.113.7", port_value: 443 } },
                      },
                    },
                    {
                      endpoint: {
                        address: { socket_address: { address: "10.244.0.3", port_value: 443 } },
                      },
                      metadata: {
                        filter_metadata: { "envoy.transport_socket_match": { tlsMode: "istio" } },
                      },
                    },
                  ],
                },
              ],
            },
          },
        ],
      },
    ];
    assert.deepEqual(readClusters({ configs }), [expected]);
  });

  it("reports the endpoints that stand in the cluster itself", () => {
    const [found] = readClusters({
      configs: [{ ...cluster, type: "STRICT_DNS", loadAssignment: assignment }],
    });
    assert.deepEqual(found?.endpoints, expected.endpoints);
  });

  it("reports whose HTTP requests are routed to a cluster, all or some of them", () => {
    const routes = (...actions: object[]) => actions.map((route) => ({ route }));
    const weighted = { weightedClusters: { clusters: [{ name: "other" }, { name: NAME }] } };
    const virtualHosts = [
      { domains: ["w", "w.n"], routes: routes({ cluster: NAME }) },
      { domains: ["shared"], routes: routes({ cluster: "other" }, weighted) },
      { domains: ["*"], routes: [{ directResponse: {} }, ...routes({ cluster: "other" })] },
    ];
    const routing = {
      "@type": "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
      virtualHosts,
    };
    const [found] = readClusters({ configs: [cluster, routing] });
    assert.deepEqual(found?.routedHosts, ["shared", "w", "w.n"]);
  });

  it("reports subsets, and leaves out what isn't outbound", () => {
    const names = ["outbound|80|v1|a.example", "inbound|80||", "BlackHoleCluster", "agent"];
    const found = readClusters({ configs: names.map((name) => ({ ...cluster, name })) });
    assert.deepEqual(
      found.map(({ host, port, subset }) => ({ host, port, subset })),
      [{ host: "a.example", port: 80, subset: "v1" }],
    );
  });

  it("is refused when it is something else", () => {
    assert.throws(() => readClusters("no dump"));
    assert.throws(() => readClusters({ configs: [{ "@type": CLUSTER }] }), /name/);
  });
});
