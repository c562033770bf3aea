/**
 * Objects of the Gateway API, and what is said of those that its CustomResourceDefinitions refuse: what
 * is wrong, after where.
 */

function object(kind: string, spec: string, version = "v1"): string {
  return `apiVersion: gateway.networking.k8s.io/${version}\nkind: ${kind}\nmetadata: {name: a, namespace: shop}\nspec: ${spec}\n`;
}

const POLICY = (more: string) =>
  object("BackendTLSPolicy", `{targetRefs: [{group: "", kind: Service, name: web}], ${more}}`);
const ROUTE = (rule: string) =>
  object("HTTPRoute", `{parentRefs: [{name: outside}], rules: [${rule}]}`);
const GATEWAY = (more: string) =>
  object("Gateway", `{gatewayClassName: istio, listeners: [{name: a, port: 80, ${more}}]}`);

export const GATEWAY_OBJECTS: readonly [story: string, text: string, message?: string][] = [
  [
    "a route by its defaults, which its rules are about",
    ROUTE(
      "{matches: [{path: {value: /a}, method: GET}], filters: [{type: RequestRedirect, requestRedirect: {scheme: https}}]}",
    ),
  ],
  [
    "a route to a Service",
    ROUTE("{backendRefs: [{name: web, port: 80}], timeouts: {request: 10s}}"),
  ],
  [
    "a route for calls of a service and of a gateway",
    object(
      "HTTPRoute",
      '{parentRefs: [{name: web}, {group: "", kind: Service, name: web}], hostnames: ["*.example"]}',
    ),
  ],
  [
    "a method of gRPC",
    object(
      "GRPCRoute",
      "{parentRefs: [{name: a}], rules: [{matches: [{method: {service: a.b.C, method: D}}]}]}",
    ),
  ],
  [
    "an address of a gateway",
    object(
      "Gateway",
      "{gatewayClassName: istio, addresses: [{value: 192.0.2.1}], listeners: [{name: a, port: 80, protocol: HTTP}]}",
    ),
  ],
  ["a policy", POLICY("validation: {hostname: a.example, wellKnownCACertificates: System}")],
  [
    "an alpha version, whose fields are another release's",
    object("BackendTLSPolicy", "{targetRef: {kind: Service, name: web}, tls: {}}", "v1alpha2"),
  ],
  [
    "what an API server of a newer Gateway API has given out",
    GATEWAY("protocol: HTTP, newer: 1").replace("{name: a,", "{uid: 7f2a, name: a,"),
  ],
  [
    "a policy without authorities",
    POLICY("validation: {hostname: a.example}"),
    "spec.validation: must specify either CACertificateRefs or WellKnownCACertificates",
  ],
  [
    "a policy without a host",
    POLICY("validation: {wellKnownCACertificates: System}"),
    "spec.validation: hostname is missing",
  ],
  [
    "a field of another version in a policy",
    POLICY("tls: {hostname: a.example}"),
    "spec.tls: there is no such field; there are options, targetRefs, validation",
  ],
  [
    "a misspelt field",
    ROUTE("{backendRef: [{name: web}]}"),
    "spec.rules[0].backendRef: there is no such field; write backendRefs",
  ],
  [
    "a Service without a port",
    ROUTE("{backendRefs: [{name: web}]}"),
    "spec.rules[0].backendRefs[0]: Must have port for Service reference",
  ],
  [
    "a header that is removed twice",
    ROUTE("{filters: [{type: RequestHeaderModifier, requestHeaderModifier: {remove: [x, x]}}]}"),
    'spec.rules[0].filters[0].requestHeaderModifier.remove[1]: "x" is in the list already',
  ],
  [
    "a kind in other letters",
    object("HttpRoute", "{}"),
    "kind: gateway.networking.k8s.io has no HttpRoute; write HTTPRoute",
  ],
  [
    "a version that there isn't",
    object("HTTPRoute", "{}", "v2"),
    "apiVersion: there is no HTTPRoute of gateway.networking.k8s.io/v2; write gateway.networking.k8s.io/v1 or gateway.networking.k8s.io/v1beta1",
  ],
];
