/** Catalogues whose objects say all that the catalogue says: without clients, moves and requests. */
import fc from "fast-check";
import { parseCatalogue } from "../../../catalogue/catalogue.js";
import type { MeshFacts } from "../../../mesh/index.js";

export interface DrawnCatalogue {
  mesh: Partial<MeshFacts>;
  aliases: object[];
}

const SNI = "server.example.com";
const CA = "/etc/ssl/certs/ca-certificates.crt";

const ports = fc.constantFrom<object[]>(
  [{ name: "http", port: 80 }],
  [{ name: "http", port: 80, targetPort: 443 }],
  [{ name: "grpc-web", port: 8080 }],
  [{ name: "tls", port: 443 }],
  [{ name: "https-admin", port: 8443, targetPort: 443 }],
  [{ name: "tcp", port: 5432, targetPort: 15432 }],
  [{ name: "udp-dns", port: 53 }],
  [{ name: "redis", port: 6379 }],
  [
    { name: "http", port: 80, targetPort: 443 },
    { name: "https", port: 8443 },
  ],
  [
    { name: "http", port: 8080, targetPort: 443 },
    { name: "grpc", port: 9090 },
    { name: "tls", port: 443 },
  ],
);

const server = fc.constantFrom({}, { sni: SNI }, { subjectAltNames: ["a.example.com", SNI] });
const trust = fc.constantFrom({}, { caCertificates: CA });
const secret = {
  credentialName: "partner",
  workloadSelector: { app: "orders", "example.com/tier": "back" },
};

const tls = fc.oneof(
  fc.constant({ mode: "DISABLE" }),
  fc
    .tuple(server, fc.oneof(trust, fc.constant(secret)))
    .map(([who, whom]) => ({ mode: "SIMPLE", ...who, ...whom })),
  fc.tuple(server, trust).map(([who, whom]) => ({
    ...{ mode: "MUTUAL", clientCertificate: "/etc/partner/tls.crt" },
    ...{ privateKey: "/etc/partner/tls.key", ...who, ...whom },
  })),
);

const target = fc.oneof(
  fc.constantFrom("one", "two", "three").map((name) => ({ externalName: `${name}.example.com` })),
  fc.record({
    addresses: fc.constantFrom(
      ["192.0.2.1"],
      ["198.51.100.9", "192.0.2.1"],
      ["2001:db8::1", "192.0.2.7"],
    ),
    endpointsApi: fc.constantFrom("Endpoints", "EndpointSlice"),
  }),
);

const exportTo = fc.constantFrom({}, {}, { exportTo: ["."] }, { exportTo: ["shop", "payments"] });

const alias = fc
  .record({
    name: fc.constantFrom("x", "y", "z"),
    namespace: fc.constantFrom("default", "shop"),
    ports,
    tls,
    target,
    exportTo,
  })
  .map(({ target, exportTo, ...rest }) => ({ ...rest, ...target, ...exportTo }));

const mesh: fc.Arbitrary<Partial<MeshFacts>> = fc.constantFrom(
  {},
  { istioVersion: "1.20" },
  { istioVersion: "1.22", externalNameAlias: false },
  { istioVersion: "1.24", rootNamespace: "mesh-system", enableAutoMtls: false },
  { clusterDomain: "corp.example", clusterCidrs: ["10.0.0.0/8"] },
  { defaultDestinationRuleExportTo: ["."] },
);

/** Catalogues without a mistake. */
export const catalogue: fc.Arbitrary<DrawnCatalogue> = fc
  .record({
    mesh,
    aliases: fc.uniqueArray(alias, {
      minLength: 1,
      maxLength: 4,
      selector: ({ name, namespace }) => `${namespace}/${name}`,
    }),
  })
  .filter(({ mesh, aliases }) => {
    try {
      parseCatalogue({ mesh, clients: [], aliases }, "drawn");
      return true;
    } catch {
      return false;
    }
  });
