/** Kubernetes Services: aliases by name, by address, headless, with a selector. */
import fc from "fast-check";
import {
  creationTimestamp,
  DOMAIN,
  exportTo,
  externalHost,
  namespace,
  seldom,
  serviceHost,
  serviceName,
  workloadLabels,
} from "./names.js";

/** `udp-fake` is TCP by its protocol and UDP by its name; the name wins in istiod. */
const ports = fc.uniqueArray(
  fc.oneof(
    { weight: 5, arbitrary: fc.constant({ name: "https", port: 443 }) },
    { weight: 4, arbitrary: fc.constant({ name: "http", port: 80, targetPort: 8443 }) },
    { weight: 1, arbitrary: fc.constant({ name: "dns", port: 53, protocol: "UDP" }) },
    { weight: 1, arbitrary: fc.constant({ name: "dns-tcp", port: 53, protocol: "TCP" }) },
    { weight: 1, arbitrary: fc.constant({ name: "udp-fake", port: 8443, protocol: "TCP" }) },
    {
      weight: 2,
      arbitrary: fc
        .constantFrom("tls", "udp", "kubernetes.io/h2c", "grpc")
        .map((appProtocol) => ({ name: "other", port: 8443, appProtocol })),
    },
  ),
  {
    minLength: 1,
    maxLength: 3,
    selector: (port) => `${port.port}/${port.name === "dns" ? "UDP" : "TCP"}`,
  },
);

/** What an ExternalName may point at: outside hosts, hosts in the mesh, other aliases, itself. */
const externalName = fc.oneof(
  { weight: 4, arbitrary: externalHost.map((host) => host.toLowerCase()) },
  { weight: 4, arbitrary: serviceHost },
  {
    weight: 1,
    arbitrary: fc.constantFrom("h.org.", "w.n", "w.n.svc", `w.n.svc.${DOMAIN}.`, "91.198.174.192"),
  },
);

const selector = fc.oneof(
  { weight: 2, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: workloadLabels },
);

const spec = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ ports, selector }),
  },
  {
    weight: 4,
    arbitrary: fc.record(
      { type: fc.constant("ExternalName"), externalName, ports },
      { requiredKeys: ["type", "externalName"] },
    ),
  },
  {
    weight: 3,
    arbitrary: fc.record(
      { clusterIP: fc.constant("None"), ports, selector },
      { requiredKeys: ["clusterIP", "ports"] },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constantFrom("NodePort", "LoadBalancer"), ports, selector }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ clusterIP: fc.constantFrom("10.96.0.1", "10.96.0.2"), ports }),
  },
);

/** `networking.istio.io/exportTo` is free text: spaces and an unknown namespace are allowed. */
const exportAnnotation = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom("~", ".", "*", "n, x", "nowhere") },
  { weight: 1, arbitrary: exportTo.map((entries) => entries?.join(",")) },
);

export const service = fc
  .record({
    name: serviceName,
    namespace,
    creationTimestamp,
    visibleTo: seldom(exportAnnotation, 5),
    spec,
  })
  .map(({ name, namespace, creationTimestamp, visibleTo, spec }) => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name,
      namespace,
      creationTimestamp,
      ...(visibleTo !== undefined && {
        annotations: { "networking.istio.io/exportTo": visibleTo },
      }),
    },
    spec,
  }));
