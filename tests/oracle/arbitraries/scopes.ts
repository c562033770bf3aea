/** What narrows a client's view: Sidecars, the VirtualServices that widen it again, PeerAuthentication. */
import fc from "fast-check";
import {
  creationTimestamp,
  DOMAIN,
  externalHost,
  namespace,
  seldom,
  serviceHost,
  workloadLabels,
} from "./names.js";

const fromNamespace = fc.constantFrom("*", ".", "n", "x", "istio-system", "~");

const egressHost = fc
  .tuple(
    fromNamespace,
    fc.oneof(
      { weight: 3, arbitrary: fc.constant("*") },
      { weight: 3, arbitrary: serviceHost },
      { weight: 1, arbitrary: externalHost },
      {
        weight: 1,
        arbitrary: fc.constantFrom(`*.n.svc.${DOMAIN}`, `*.${DOMAIN}`, "*.ex.com", "*.org"),
      },
    ),
  )
  .map(([ns, host]) => `${ns}/${host}`);

const egressHosts = fc.uniqueArray(egressHost, { minLength: 1, maxLength: 3 });

/** Listeners with a port come first and take different ports; the last may take all. */
const egress = fc
  .tuple(
    fc.uniqueArray(fc.tuple(fc.constantFrom(443, 80), egressHosts), {
      maxLength: 1,
      selector: ([port]) => port,
    }),
    fc.option(egressHosts, { nil: undefined, freq: 8 }),
  )
  .map(([withPort, rest]) => [
    ...withPort.map(([number, hosts]) => ({
      port: { number, protocol: "TCP", name: "tcp" },
      hosts,
    })),
    ...(rest !== undefined || withPort.length === 0 ? [{ hosts: rest ?? ["*/*"] }] : []),
  ]);

const selector = workloadLabels.map((labels) => ({ labels }));

export const sidecar = fc
  .record({
    name: fc.constantFrom("sc1", "sc2"),
    namespace,
    creationTimestamp,
    workloadSelector: seldom(selector, 3),
    egress: fc.option(egress, { nil: undefined, freq: 8 }),
    outboundTrafficPolicy: seldom(
      fc.constantFrom({ mode: "REGISTRY_ONLY" }, { mode: "ALLOW_ANY" }),
      4,
    ),
  })
  .map(({ name, namespace, creationTimestamp, ...spec }) => ({
    apiVersion: "networking.istio.io/v1",
    kind: "Sidecar",
    metadata: { name, namespace, creationTimestamp },
    spec:
      spec.egress === undefined && spec.outboundTrafficPolicy === undefined
        ? { ...spec, egress: [{ hosts: ["./*"] }] }
        : spec,
  }));

/** Its destinations join a Sidecar's view even where no egress host names them. */
export const virtualService = fc
  .record({
    name: fc.constantFrom("vs1", "vs2"),
    namespace,
    creationTimestamp,
    host: fc.oneof(serviceHost, externalHost),
    destination: serviceHost,
    port: fc.constantFrom(443, 80, undefined),
  })
  .map(({ name, namespace, creationTimestamp, host, destination, port }) => ({
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name, namespace, creationTimestamp },
    spec: {
      hosts: [host],
      http: [
        {
          route: [
            {
              destination: {
                host: destination,
                ...(port !== undefined && { port: { number: port } }),
              },
            },
          ],
        },
      ],
    },
  }));

/** Mesh-wide in the root namespace, else for a namespace or for selected workloads. */
export const peerAuthentication = fc
  .record({
    name: fc.constantFrom("pa1", "pa2"),
    namespace,
    creationTimestamp,
    mode: fc.constantFrom("STRICT", "DISABLE", "PERMISSIVE", "UNSET", undefined),
    selector: seldom(
      workloadLabels.map((matchLabels) => ({ matchLabels })),
      4,
    ),
  })
  .map(({ name, namespace, creationTimestamp, mode, selector }) => ({
    apiVersion: "security.istio.io/v1",
    kind: "PeerAuthentication",
    metadata: { name, namespace, creationTimestamp },
    spec: {
      ...(mode !== undefined && { mtls: { mode } }),
      ...(selector !== undefined && { selector }),
    },
  }));
