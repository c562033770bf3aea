/** Which cases of calls a mesh holds. */
import { type Case, type Features, has } from "./features.js";
import type { AnsweredOutcome } from "./question.js";

const outcomes = ({ answer }: Case): AnsweredOutcome[][] => answer.calls ?? [];

/** Whether some call comes to an outcome. */
const comesTo = (mesh: Case, test: (outcome: AnsweredOutcome) => boolean) =>
  outcomes(mesh).flat().some(test);

/** Whether some call takes a cluster, and with which TLS. */
const takes = (mesh: Case, tls: RegExp) =>
  comesTo(mesh, (outcome) => outcome.via === "cluster" && tls.test(outcome.tls));

const routes = (mesh: Case, test: RegExp) => has(mesh, "VirtualService", test);

/** Whether two objects of the mesh have one port number under different names. */
function sharesPort({ objects }: Case): boolean {
  const names: Record<number, Set<string>> = {};
  for (const { spec } of objects) {
    for (const { name, port, number } of (spec.ports ?? []) as Port[]) {
      (names[port ?? number ?? 0] ??= new Set()).add(name ?? "");
    }
  }
  return Object.values(names).some((different) => different.size > 1);
}

interface Port {
  name?: string;
  port?: number;
  number?: number;
}

const ROUTES = ["HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute"];

/** What the meshes of calls are counted by. */
export const CALL_FEATURES: Features = {
  "Service: ExternalName": (m) => has(m, "Service", /"ExternalName"/),
  "Service: headless": (m) => has(m, "Service", /"None"/),
  "port: shared by several protocols": sharesPort,
  "port: detected protocol": (m) => has(m, "Service", /"name":"(any|unnamed|web)"/),
  "ServiceEntry: addresses": (m) => has(m, "ServiceEntry", /"addresses"/),
  "ServiceEntry: wildcard host": (m) => has(m, "ServiceEntry", /"hosts":\[.*"\*/),
  "ServiceEntry: DYNAMIC_DNS": (m) => has(m, "ServiceEntry", /DYNAMIC_DNS/),
  "Sidecar: egress hosts": (m) => has(m, "Sidecar", /egress/),
  "Sidecar: listener with a port": (m) => has(m, "Sidecar", /"number"/),
  "Sidecar: outboundTrafficPolicy": (m) => has(m, "Sidecar", /outboundTrafficPolicy/),
  "mesh: REGISTRY_ONLY": (m) => m.question.mesh.outboundTrafficPolicy === "REGISTRY_ONLY",
  "VirtualService: http": (m) => routes(m, /"http"/),
  "VirtualService: tls": (m) => routes(m, /"tls"/),
  "VirtualService: tcp": (m) => routes(m, /"tcp"/),
  "VirtualService: delegates": (m) => routes(m, /"delegate"/),
  "VirtualService: wildcard host": (m) => routes(m, /"hosts":\[[^\]]*"\*/),
  "VirtualService: gateways": (m) => routes(m, /"gateways"/),
  "VirtualService: sourceLabels": (m) => routes(m, /"sourceLabels"/),
  "VirtualService: sourceNamespace": (m) => routes(m, /"sourceNamespace"/),
  "VirtualService: destinationSubnets": (m) => routes(m, /"destinationSubnets"/),
  "VirtualService: uri": (m) => routes(m, /"uri"/),
  "VirtualService: headers": (m) => routes(m, /"(headers|withoutHeaders)"/),
  "VirtualService: subset": (m) => routes(m, /"subset"/),
  "VirtualService: weights": (m) => routes(m, /"weight"/),
  "VirtualService: redirect, response": (m) => routes(m, /"(redirect|directResponse)"/),
  "VirtualService: rewrite": (m) => routes(m, /"rewrite"/),
  "Gateway API: HTTPRoute": (m) => has(m, "HTTPRoute"),
  "Gateway API: GRPCRoute": (m) => has(m, "GRPCRoute"),
  "Gateway API: TCPRoute": (m) => has(m, "TCPRoute"),
  "Gateway API: TLSRoute": (m) => has(m, "TLSRoute"),
  "Gateway API: ServiceEntry as parent": (m) =>
    ROUTES.some((kind) => has(m, kind, /"kind":"ServiceEntry"/)),
  "Gateway API: backend of another namespace": (m) =>
    ROUTES.some((kind) => has(m, kind, /"backendRefs":\[[^\]]*"namespace"/)),
  "Gateway API: beside a Sidecar": (m) =>
    ROUTES.some((kind) => has(m, kind)) && has(m, "Sidecar", /egress/),
  "client: excludeOutboundPorts": (m) => has(m, "Deployment", /excludeOutboundPorts":"\d/),
  "client: includeOutboundPorts": (m) => has(m, "Deployment", /includeOutboundPorts":"\d/),
  "client: excludeOutboundIPRanges": (m) => has(m, "Deployment", /excludeOutboundIPRanges":"\d/),
  "client: includeOutboundIPRanges": (m) => has(m, "Deployment", /includeOutboundIPRanges":"\d/),
  "mesh: what is captured": (m) => m.question.mesh.includeOutboundIPRanges !== undefined,
  "rule: subsets": (m) => has(m, "DestinationRule", /"subsets"/),
  "call: cluster, no TLS": (m) => takes(m, /none/),
  "call: cluster, ISTIO_MUTUAL": (m) => takes(m, /ISTIO_MUTUAL/),
  "call: cluster, SIMPLE or MUTUAL": (m) => takes(m, /^(SIMPLE|MUTUAL)$/),
  "call: cluster of a subset": (m) =>
    comesTo(m, ({ via, ...rest }) => via === "cluster" && /\|v\d\|/.test(JSON.stringify(rest))),
  "call: several outcomes": (m) => outcomes(m).some((several) => several.length > 1),
  "call: passthrough": (m) => comesTo(m, ({ via }) => via === "passthrough"),
  "call: blackhole": (m) => comesTo(m, ({ via }) => via === "blackhole"),
  "call: no-route": (m) => comesTo(m, ({ via }) => via === "no-route"),
  "call: no-cluster": (m) => comesTo(m, ({ via }) => via === "no-cluster"),
  "call: listener that Envoy refuses": (m) => comesTo(m, ({ via }) => via === "refused"),
  "call: direct": (m) => comesTo(m, ({ via }) => via === "direct"),
  "call: waits": (m) => comesTo(m, ({ via }) => via === "waits"),
  "call: response": (m) => comesTo(m, ({ via }) => via === "response"),
};
