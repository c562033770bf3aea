/** What narrows a client's view: Sidecars, the VirtualServices that widen it again, PeerAuthentication. */
import fc from "fast-check";
import {
  distinct,
  DOMAIN,
  exportTo,
  externalHost,
  istioMetadata,
  legalExportTo,
  namespace,
  seldom,
  serviceHost,
  serviceName,
  type ValueOf,
  workloadLabels,
} from "./names.js";

/** A `~` before the namespace takes hosts away again; alone it stands for every namespace. */
const fromNamespace = fc.constantFrom(
  "*",
  "*",
  ".",
  ".",
  "n",
  "x",
  "istio-system",
  "~",
  "~n",
  "~.",
);

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
    metadata: istioMetadata("sc1", "sc2"),
    workloadSelector: seldom(selector, 3),
    egress: fc.option(egress, { nil: undefined, freq: 8 }),
    outboundTrafficPolicy: seldom(
      fc.constantFrom({ mode: "REGISTRY_ONLY" }, { mode: "ALLOW_ANY" }),
      4,
    ),
  })
  .map(({ metadata, ...spec }) => ({
    apiVersion: "networking.istio.io/v1",
    kind: "Sidecar",
    metadata,
    spec:
      spec.egress === undefined && spec.outboundTrafficPolicy === undefined
        ? { ...spec, egress: [{ hosts: ["./*"] }] }
        : spec,
  }));

const route = fc
  .record({
    host: fc.oneof(
      { weight: 4, arbitrary: serviceHost },
      { weight: 1, arbitrary: serviceName },
      { weight: 1, arbitrary: externalHost },
    ),
    port: fc.constantFrom(443, 80, undefined),
  })
  .map(({ host, port }) => ({ host, ...(port !== undefined && { port: { number: port } }) }));

/** The three ways of routing; a match on the source's namespace only counts for HTTP. */
const routing = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .record({ destination: route, mirror: seldom(route), from: seldom(namespace) })
      .map(({ destination, mirror, from }) => ({
        http: [
          {
            route: [{ destination }],
            mirror,
            ...(from !== undefined && { match: [{ sourceNamespace: from }] }),
          },
        ],
      })),
  },
  {
    weight: 1,
    arbitrary: route.map((destination) => ({ tcp: [{ route: [{ destination }] }] })),
  },
);

/** A route of the same VirtualServices to delegate to, by its place in the list. */
const delegation = fc.record(
  { to: fc.nat(2), mirror: route, from: namespace },
  { requiredKeys: ["to"] },
);

const draft = fc.record({
  metadata: istioMetadata("vs1", "vs2"),
  // A delegate has none.
  host: fc.option(fc.oneof(serviceHost, externalHost, serviceName), { freq: 3 }),
  gateways: seldom(fc.constantFrom(["mesh"], ["n/gateway"], ["mesh", "n/gateway"])),
  exportTo,
  routing,
  delegation: seldom(delegation, 3),
});

/** Their destinations join a Sidecar's view even where no egress host names them. */
export const virtualServices = distinct(draft, { maxLength: 3 }).map((drafts) =>
  drafts.map(({ metadata, host, gateways, exportTo, routing, delegation }) => ({
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata,
    spec: {
      hosts: host === null ? [] : [host],
      gateways,
      exportTo: legalExportTo(exportTo, metadata.namespace),
      ...(delegation ? delegated(delegation, metadata.namespace, drafts) : routing),
    },
  })),
);

function delegated(
  { to, mirror, from }: ValueOf<typeof delegation>,
  own: string,
  drafts: readonly ValueOf<typeof draft>[],
) {
  const { name, namespace } = drafts[to]?.metadata ?? { name: "nobody", namespace: own };
  return {
    http: [
      {
        delegate: { name, ...(namespace !== own && { namespace }) },
        mirror,
        ...(from !== undefined && { match: [{ sourceNamespace: from }] }),
      },
    ],
  };
}

/** Mesh-wide in the root namespace, else for a namespace or for selected workloads. */
export const peerAuthentication = fc
  .record({
    metadata: istioMetadata("pa1", "pa2"),
    mode: fc.constantFrom("STRICT", "DISABLE", "PERMISSIVE", "UNSET", undefined),
    selector: seldom(
      workloadLabels.map((matchLabels) => ({ matchLabels })),
      4,
    ),
  })
  .map(({ metadata, mode, selector }) => ({
    apiVersion: "security.istio.io/v1",
    kind: "PeerAuthentication",
    metadata,
    spec: {
      ...(mode !== undefined && { mtls: { mode } }),
      ...(selector !== undefined && { selector }),
    },
  }));
