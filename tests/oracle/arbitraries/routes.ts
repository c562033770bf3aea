/** What decides the way of a call: routes of Istio's and of the Gateway API's, dense enough to meet. */
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
  wildcardHost,
  workloadLabels,
} from "./names.js";

/** The ports on which calls are made. */
export const callPort = fc.constantFrom(80, 80, 443, 443, 5432, 9000);

/** A network of Service addresses, and one that holds some of them. */
const subnet = fc.constantFrom("10.96.0.0/16", "10.96.1.1", "198.51.100.0/24");

const host = fc.oneof(
  { weight: 6, arbitrary: serviceHost },
  { weight: 2, arbitrary: serviceName },
  { weight: 2, arbitrary: externalHost.map((name) => name.toLowerCase()) },
);

const destination = fc
  .record({
    host,
    subset: seldom(fc.constantFrom("v1", "v2", "v9"), 3),
    port: fc.option(callPort, { nil: undefined, freq: 2 }),
  })
  .map(({ host, subset, port }) => ({
    host,
    ...(subset !== undefined && { subset }),
    ...(port !== undefined && { port: { number: port } }),
  }));

/** Shares of 100, one of which may be nothing. */
const destinations = fc.oneof(
  { weight: 3, arbitrary: destination.map((only) => [{ destination: only }]) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(destination, destination, fc.constantFrom(0, 20, 100))
      .map(([first, second, weight]) => [
        { destination: first, weight },
        { destination: second, weight: 100 - weight },
      ]),
  },
);

/** Which callers a match is for; most are for all. */
const callers = {
  port: seldom(callPort, 4),
  sourceNamespace: seldom(namespace, 6),
  sourceLabels: seldom(workloadLabels, 6),
  gateways: seldom(fc.constantFrom(["mesh"], ["n/gateway"]), 8),
};

const path = fc.constantFrom({ prefix: "/" }, { prefix: "/a" }, { exact: "/a" }, { regex: "/a.*" });

const httpMatch = fc.record(
  {
    ...callers,
    uri: seldom(path, 2),
    authority: seldom(
      host.map((exact) => ({ exact })),
      6,
    ),
    headers: seldom(fc.constant({ "x-user": { exact: "a" } }), 8),
    withoutHeaders: seldom(fc.constant({ "x-user": { exact: "a" } }), 8),
  },
  { requiredKeys: [] },
);

const httpAction = fc.oneof(
  { weight: 8, arbitrary: fc.record({ route: destinations }) },
  {
    weight: 1,
    arbitrary: fc.record({
      route: destinations,
      rewrite: host.map((authority) => ({ authority })),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ redirect: { authority: "h.org" } }) },
  { weight: 1, arbitrary: fc.constant({ directResponse: { status: 418 } }) },
);

const httpRoute = fc
  .record({ match: fc.array(httpMatch, { maxLength: 2 }), action: httpAction })
  .map(({ match, action }) => ({ ...(match.length > 0 && { match }), ...action }));

const tcpMatch = fc.record(
  { ...callers, destinationSubnets: seldom(fc.tuple(subnet), 4) },
  { requiredKeys: [] },
);

const tcpRoute = fc
  .record({ match: fc.array(tcpMatch, { maxLength: 2 }), route: destinations })
  .map(({ match, route }) => ({ ...(match.length > 0 && { match }), route }));

/** The names that a TLS route is for are among its VirtualService's, or within them. */
function tlsRoutes(hosts: string[]) {
  const names = fc.constantFrom(
    ...hosts.map((name) => name.replace(/^\*\./, "a.")),
    ...hosts.map((name) => name),
  );
  const match = fc.record(
    {
      ...callers,
      sniHosts: fc.uniqueArray(names, { minLength: 1, maxLength: 2 }),
      destinationSubnets: seldom(fc.tuple(subnet), 8),
    },
    { requiredKeys: ["sniHosts"] },
  );
  return fc.array(
    fc.record({ match: fc.array(match, { minLength: 1, maxLength: 2 }), route: destinations }),
    { minLength: 1, maxLength: 2 },
  );
}

const hosts = fc.uniqueArray(
  fc.oneof(
    { weight: 8, arbitrary: host },
    { weight: 2, arbitrary: wildcardHost },
    { weight: 1, arbitrary: fc.constantFrom(`*.n.svc.${DOMAIN}`, `*.${DOMAIN}`) },
  ),
  { minLength: 1, maxLength: 2 },
);

/** By weight, so that HTTP is routed most. */
function routing(hosts: string[]): fc.Arbitrary<Record<string, unknown>> {
  return fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({ http: fc.array(httpRoute, { minLength: 1, maxLength: 3 }) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ tcp: fc.array(tcpRoute, { minLength: 1, maxLength: 2 }) }),
    },
    { weight: 2, arbitrary: fc.record({ tls: tlsRoutes(hosts) }) },
  );
}

const routed = hosts.chain((hosts) => routing(hosts).map((routes) => ({ hosts, routes })));

const metadata = istioMetadata("vs1", "vs2", "vs3");

/** A VirtualService without hosts, which others hand requests to. */
const delegate = fc.record({
  metadata,
  exportTo,
  http: fc.array(httpRoute, { minLength: 1, maxLength: 2 }),
});

const draft = fc.record({
  metadata,
  exportTo,
  gateways: seldom(fc.constantFrom(["mesh"], ["n/gateway"], ["mesh", "n/gateway"]), 6),
  routed,
  /** Hands requests to the first delegate, under some matches, before its own routes. */
  delegates: seldom(fc.array(httpMatch, { maxLength: 2 }), 3),
});

interface Named {
  metadata: { namespace: string; name: string };
}

/** Some VirtualServices and what they delegate to. */
export const routes = fc
  .tuple(distinct(draft, { maxLength: 4 }), distinct(delegate, { maxLength: 2 }))
  .map(([drafts, delegates]) => {
    const named = delegates.map(({ metadata, exportTo, http }) => ({
      ...virtualService({ ...metadata, name: `d-${metadata.name}` }),
      spec: { exportTo: legalExportTo(exportTo, metadata.namespace), http },
    }));
    return [...drafts.map((one) => ownRoutes(one, named[0])), ...named];
  });

function virtualService(metadata: Named["metadata"]) {
  return { apiVersion: "networking.istio.io/v1", kind: "VirtualService", metadata };
}

function ownRoutes(one: ValueOf<typeof draft>, delegate: Named | undefined) {
  const { metadata, gateways, routed, delegates } = one;
  const { http } = routed.routes as { http?: unknown[] };
  const handsOn = delegates && {
    delegate: {
      name: delegate?.metadata.name ?? "nobody",
      ...(delegate && { namespace: delegate.metadata.namespace }),
    },
    ...(delegates.length > 0 && { match: delegates }),
  };
  return {
    ...virtualService(metadata),
    spec: {
      hosts: routed.hosts,
      gateways,
      exportTo: legalExportTo(one.exportTo, metadata.namespace),
      ...routed.routes,
      ...(http && handsOn && { http: [handsOn, ...http] }),
    },
  };
}
