/** Routes of the Gateway API whose parents are Services and ServiceEntries: sidecars follow them. */
import fc from "fast-check";
import { distinct, externalHost, namespace, seldom, serviceName, wildcardHost } from "./names.js";
import { callPort } from "./routes.js";

const serviceParent = fc.record({
  group: fc.constant(""),
  kind: fc.constant("Service"),
  name: serviceName,
});

/** The names that the meshes' ServiceEntries have. */
const entryParent = fc.record({
  group: fc.constant("networking.istio.io"),
  kind: fc.constant("ServiceEntry"),
  name: fc.constantFrom("se0", "se0", "se1", "se2"),
});

const parentRef = fc
  .record({
    to: fc.oneof({ weight: 3, arbitrary: serviceParent }, { weight: 1, arbitrary: entryParent }),
    namespace: seldom(namespace, 3),
    port: seldom(callPort, 3),
  })
  .map(({ to, ...rest }) => present({ ...to, ...rest }));

const parentRefs = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(parentRef) },
  { weight: 1, arbitrary: fc.tuple(parentRef, parentRef) },
);

const weight = seldom(fc.constantFrom(0, 1, 3), 4);

const backendRef = fc
  .record({ name: serviceName, port: callPort, weight, namespace: seldom(namespace, 4) })
  .map(present);

const backendRefs = fc.array(backendRef, { minLength: 1, maxLength: 2 });

const path = fc
  .constantFrom(
    ["PathPrefix", "/"],
    ["PathPrefix", "/a"],
    ["PathPrefix", "/a/"],
    ["Exact", "/a"],
    ["RegularExpression", "/a.*|/nowhere"],
  )
  .map(([type, value]) => ({ type, value }));

const headers = fc.constant([{ type: "Exact", name: "x-user", value: "a" }]);

const httpMatch = fc
  .record({
    path,
    method: seldom(fc.constantFrom("GET", "POST"), 5),
    headers: seldom(headers, 6),
    queryParams: seldom(headers, 8),
  })
  .map(present);

const filters = fc.constantFrom(
  [{ type: "RequestRedirect", requestRedirect: { hostname: "h.org" } }],
  [{ type: "URLRewrite", urlRewrite: { hostname: "h.org" } }],
);

const httpRule = fc
  .record({
    matches: seldom(fc.array(httpMatch, { minLength: 1, maxLength: 2 }), 2),
    backendRefs: seldom(backendRefs, 1),
    filters: seldom(filters, 8),
  })
  .map(({ matches, ...rule }) => ({
    // What the API server fills in.
    matches: matches ?? [{ path: { type: "PathPrefix", value: "/" } }],
    ...present(rule),
  }));

const grpcRule = fc
  .record({
    matches: seldom(
      fc
        .constantFrom<Record<string, string>>(
          { service: "a" },
          { method: "b" },
          { service: "a", method: "b" },
        )
        .map((method) => [{ method: { type: "Exact", ...method } }]),
      2,
    ),
    backendRefs,
  })
  .map(present);

const l4Rule = fc.record({ backendRefs });

const hostnames = seldom(
  fc.uniqueArray(
    fc.oneof(
      externalHost.map((name) => name.toLowerCase()),
      wildcardHost.filter((name) => name.startsWith("*.")),
    ),
    { minLength: 1, maxLength: 2 },
  ),
  2,
);

/** One rule of each kind; HTTP is routed most. */
const spec = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("HTTPRoute"),
      rules: fc.array(httpRule, { minLength: 1, maxLength: 2 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("GRPCRoute"),
      rules: fc.array(grpcRule, { minLength: 1, maxLength: 2 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("TCPRoute"), rules: fc.tuple(l4Rule) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("TLSRoute"), rules: fc.tuple(l4Rule), hostnames }),
  },
);

/** Some routes, of which two may be for one service. */
export const gatewayRoutes = distinct(
  fc
    .record({
      metadata: fc.record({
        name: fc.constantFrom("r1", "r2", "z3"),
        namespace,
        creationTimestamp: fc.constantFrom("2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z"),
      }),
      parentRefs,
      spec,
    })
    .map(({ metadata, parentRefs, spec: { kind, ...spec } }) => ({
      apiVersion: "gateway.networking.k8s.io/v1",
      kind,
      metadata,
      spec: { parentRefs, ...present(spec) },
    })),
  { maxLength: 3 },
);

/** Without the fields that aren't there. */
function present<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as Partial<T>;
}
