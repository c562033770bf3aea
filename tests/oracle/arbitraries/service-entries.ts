/** ServiceEntries, of every resolution and in the forms that Istio's validation accepts. */
import fc from "fast-check";
import {
  distinct,
  exportTo,
  externalHost,
  istioMetadata,
  legalExportTo,
  locality,
  seldom,
  serviceHost,
  wildcardHost,
  workloadLabels,
} from "./names.js";

const exactHost = fc.oneof(
  { weight: 3, arbitrary: externalHost },
  { weight: 2, arbitrary: serviceHost },
);

const ports = fc.uniqueArray(
  fc.oneof(
    { weight: 4, arbitrary: fc.constant({ number: 443, name: "https", protocol: "TLS" }) },
    { weight: 3, arbitrary: fc.constant({ number: 80, name: "http", protocol: "HTTP" }) },
    {
      weight: 1,
      arbitrary: fc.constant({ number: 8443, name: "http2", protocol: "HTTP2", targetPort: 443 }),
    },
  ),
  { minLength: 1, maxLength: 3, selector: (port) => port.number },
);

/** Protocols without a name in them: only for one host (validation), and UDP makes no cluster. */
const rawPorts = fc.constantFrom(
  [{ number: 443, name: "tcp", protocol: "TCP" }],
  [
    { number: 53, name: "dns", protocol: "UDP" },
    { number: 80, name: "http", protocol: "HTTP" },
  ],
);

/** An endpoint by address; the label or the service account makes it able to speak mTLS. */
function endpoints(address: fc.Arbitrary<string>, maxLength: number) {
  return fc.array(
    fc
      .record({
        address,
        labels: workloadLabels,
        tlsMode: seldom(fc.constantFrom("istio", "disabled"), 3),
        serviceAccount: seldom(fc.constant("sa"), 3),
        locality: seldom(locality, 2),
      })
      .map(({ tlsMode, labels, serviceAccount, locality, ...endpoint }) => ({
        ...endpoint,
        ...(locality && { locality }),
        labels: { ...labels, ...(tlsMode && { "security.istio.io/tlsMode": tlsMode }) },
        ...(serviceAccount && { serviceAccount }),
      })),
    { minLength: 1, maxLength },
  );
}

const outside = fc.constantFrom("91.198.174.192", "203.0.113.7");
const outsideOrName = fc.constantFrom("91.198.174.192", "real.h.org", "2001:db8::7");
const selector = workloadLabels.map((labels) => ({ labels }));

const oneExactHost = exactHost.map((host) => [host]);
const anyHosts = fc.uniqueArray(
  fc.oneof({ weight: 3, arbitrary: exactHost }, { weight: 1, arbitrary: wildcardHost }),
  { minLength: 1, maxLength: 2 },
);
const anyPorts = fc.oneof({ weight: 4, arbitrary: ports }, { weight: 1, arbitrary: rawPorts });

/** What each resolution may be combined with. */
const byResolution = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      resolution: fc.constantFrom("DNS", "DNS_ROUND_ROBIN"),
      hosts: oneExactHost,
      ports: anyPorts,
      endpoints: seldom(endpoints(outsideOrName, 1), 3),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ resolution: fc.constant("NONE"), hosts: anyHosts, ports: anyPorts }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      resolution: fc.constant("STATIC"),
      hosts: oneExactHost,
      ports: anyPorts,
      endpoints: seldom(endpoints(outside, 2), 3),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      resolution: fc.constantFrom("STATIC", "DNS", "NONE"),
      hosts: oneExactHost,
      ports: anyPorts,
      workloadSelector: selector,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      resolution: fc.constant("STATIC"),
      hosts: fc.uniqueArray(exactHost, { minLength: 2, maxLength: 2 }),
      ports,
      addresses: fc.constantFrom(["240.0.0.1"], ["240.0.0.1", "240.0.0.0/24"]),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      resolution: fc.constant("DYNAMIC_DNS"),
      hosts: wildcardHost.map((host) => [host]),
      ports,
    }),
  },
);

/**
 * Named after the moment of creation, so that a namespace has no two equally old ones: for those that
 * share a host, istiod's choice would hang on the order of a map.
 */
const serviceEntry = fc
  .record({
    version: fc.constantFrom("v1", "v1beta1", "v1alpha3"),
    metadata: istioMetadata("se"),
    location: fc.constantFrom("MESH_EXTERNAL", "MESH_INTERNAL", undefined),
    exportTo: fc.oneof(
      { weight: 6, arbitrary: exportTo },
      { weight: 1, arbitrary: fc.constant(["~"]) },
    ),
    spec: byResolution,
  })
  .map(({ version, metadata, location, exportTo, spec }) => ({
    apiVersion: `networking.istio.io/${version}`,
    kind: "ServiceEntry",
    metadata: { ...metadata, name: `se${metadata.creationTimestamp.slice(-2, -1)}` },
    spec: { ...spec, location, exportTo: legalExportTo(exportTo, metadata.namespace) },
  }));

/** Up to three ServiceEntries. */
export const serviceEntries = distinct(serviceEntry, { maxLength: 3 });
