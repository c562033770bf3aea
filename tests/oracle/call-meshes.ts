/** Meshes dense in what decides the way of a call, with calls to make in them. */
import fc from "fast-check";
import { at, isBefore, type KubeObject, text } from "../../mesh/index.js";
import { ruleObjects, rules } from "./arbitraries/destination-rules.js";
import {
  distinct,
  DOMAIN,
  namespace,
  seldom,
  type ValueOf,
  workloadLabels,
} from "./arbitraries/names.js";
import { asOf } from "./arbitraries/older.js";
import { captureFacts, workload, workloadOf } from "./arbitraries/capture.js";
import { gatewayRoutes } from "./arbitraries/gateway-api.js";
import { callPort, routes } from "./arbitraries/routes.js";
import { sidecar } from "./arbitraries/scopes.js";
import { serviceEntries } from "./arbitraries/service-entries.js";
import { service } from "./arbitraries/services.js";
import { backendObjects, backends } from "./arbitraries/workloads.js";
import type { Generation } from "./generations.js";
import { inDomain, mostlyNone } from "./meshes.js";
import type { AskedCall, Question } from "./question.js";

/** Each number by another name, so that a number has several protocols and several numbers one. */
const ports = fc.uniqueArray(
  fc.oneof(
    { weight: 4, arbitrary: fc.constant({ name: "http", port: 80, targetPort: 8443 }) },
    { weight: 4, arbitrary: fc.constant({ name: "https", port: 443 }) },
    { weight: 3, arbitrary: fc.constant({ name: "tcp-db", port: 5432 }) },
    { weight: 3, arbitrary: fc.constant({ name: "any", port: 9000 }) },
    {
      weight: 3,
      arbitrary: fc.constantFrom(
        { name: "tcp-web", port: 80 },
        { name: "web", port: 80 },
        { name: "http-tls", port: 443 },
        { name: "tcp-tls", port: 443 },
        { name: "unnamed", port: 443 },
        { name: "grpc", port: 9000 },
        { name: "tls", port: 9000 },
        { name: "web", port: 5432, appProtocol: "http" },
      ),
    },
  ),
  { minLength: 1, maxLength: 4, selector: ({ port }) => port },
);

interface ServiceDraft {
  metadata: { name: string; namespace: string };
  spec: { type?: string; clusterIP?: string };
}

/** A Service as a cluster has it: with an address, unless it is a name or headless. */
const addressedService = fc.tuple(service, ports).map(([object, ports]) => {
  const { metadata, spec } = object as unknown as ServiceDraft;
  const hasAddress = spec.type !== "ExternalName" && spec.clusterIP !== "None";
  const address = { clusterIP: addressOf(metadata) };
  return { ...object, spec: { ...spec, ports, ...(hasAddress && address) } };
});

function addressOf({ name, namespace }: ServiceDraft["metadata"]): string {
  return `10.96.${"nxyi".indexOf(namespace[0]!)}.${"wemv".indexOf(name[0]!) + 1}`;
}

/** Where a ServiceEntry has addresses, they are now and then shared. */
const addresses = fc.option(
  fc.constantFrom<string[]>(["240.0.0.1"], ["240.0.0.2"], ["198.51.100.7"], ["198.51.100.0/24"]),
  { nil: undefined, freq: 3 },
);

const addressedEntries = serviceEntries.chain((entries) =>
  fc.tuple(...entries.map((entry) => addresses.map((own) => withAddresses(entry, own)))),
);

function withAddresses(entry: ValueOf<typeof serviceEntries>[number], own: string[] | undefined) {
  const spec = entry.spec as Record<string, unknown>;
  const fits =
    own !== undefined && spec.resolution !== "DYNAMIC_DNS" && spec.addresses === undefined;
  return fits ? { ...entry, spec: { ...spec, addresses: own } } : entry;
}

const clients = fc.uniqueArray(fc.record({ namespace, labels: workloadLabels }), {
  minLength: 1,
  maxLength: 2,
  selector: (one) => JSON.stringify(one),
});

const facts = fc.record({
  protocolDetectionTimeout: fc.constantFrom("0s", "0s", "5s"),
  clusterDomain: fc.constantFrom("cluster.local", "cluster.local", "corp.example"),
  rootNamespace: fc.constantFrom("istio-system", "istio-system", "n"),
  enableAutoMtls: fc.constantFrom(true, true, true, false),
  outboundTrafficPolicy: fc.constantFrom(
    "ALLOW_ANY" as const,
    "ALLOW_ANY" as const,
    "REGISTRY_ONLY" as const,
  ),
});

/** For a Service a rule that has the subsets that routes name, and what it says of TLS. */
const subsetRule = seldom(
  fc.constantFrom(undefined, "ISTIO_MUTUAL", "SIMPLE", "DISABLE").map((mode) => ({ mode })),
  2,
);

function subsetRuleOf({ metadata }: ServiceDraft, mode: string | undefined) {
  const subset = (version: string) => ({ name: version, labels: { version } });
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "DestinationRule",
    metadata: {
      name: `subsets-of-${metadata.name}`,
      namespace: metadata.namespace,
      creationTimestamp: "2026-01-01T00:00:00Z",
    },
    spec: {
      host: `${metadata.name}.${metadata.namespace}.svc.${DOMAIN}`,
      subsets: [subset("v1"), subset("v2")],
      ...(mode !== undefined && { trafficPolicy: { tls: { mode } } }),
    },
  };
}

const parts = fc.record({
  subsetRules: fc.array(subsetRule, { minLength: 5, maxLength: 5 }),
  services: distinct(addressedService, { minLength: 1, maxLength: 5 }),
  rules: mostlyNone(rules),
  backends: mostlyNone(backends),
  entries: mostlyNone(addressedEntries),
  routes,
  gatewayRoutes: seldom(gatewayRoutes, 3),
  sidecars: seldom(distinct(sidecar, { maxLength: 2 }), 3),
});

/** Numbers that pick from what the mesh has. */
const draft = fc.record({
  client: fc.nat(1),
  target: fc.nat(),
  /** Absent: one of the target's. */
  port: seldom(callPort, 4),
  /** Absent: what is usual on the port. */
  sends: seldom(
    fc.constantFrom("http" as const, "tls" as const, "tcp" as const, "server-first" as const),
    3,
  ),
  ofPorts: fc.nat(),
  host: fc.nat(),
  /** Names something else than what has the address. */
  elsewhere: fc.constantFrom(false, false, true),
  path: fc.constantFrom(undefined, undefined, "/a", "/ab", "/b"),
});

/** Meshes of a generation with some calls in each. */
export function callMeshOf(generation: Generation, calls = 6): fc.Arbitrary<Question> {
  return fc
    .noBias(
      fc.record({
        parts,
        clients,
        workloads: fc.tuple(workload, workload),
        mesh: facts,
        capture: captureFacts,
        drafts: fc.array(draft, { minLength: calls, maxLength: calls }),
      }),
    )
    .map(({ parts, clients, workloads, mesh, capture, drafts }) => {
      // The oracles of older generations take everything to be captured.
      const isOlder = isBefore(31, generation.facts);
      const templates = clients.flatMap((client, index) => {
        const annotations = isOlder ? undefined : workloads[index];
        return annotations ? [workloadOf(client, annotations, index)] : [];
      });
      const routed = [...objectsOf(parts), ...templates];
      const all = asOf(generation, inDomain(routed, mesh.clusterDomain));
      // The oracle of 1.22 reads nothing of the Gateway API.
      const objects = isBefore(25, generation.facts) ? all.filter(isOfIstio) : all;
      return {
        id: "",
        objects,
        clients,
        mesh: { ...generation.facts, ...mesh, ...(isOlder ? {} : capture) },
        calls: drafts.map((one) =>
          callOf(one, objects, { clients: clients.length, domain: mesh.clusterDomain }),
        ),
      };
    });
}

function isOfIstio({ apiVersion }: KubeObject): boolean {
  return !String(apiVersion).startsWith("gateway.networking.k8s.io/");
}

function objectsOf({ services, rules, backends, entries, ...routing }: ValueOf<typeof parts>) {
  return [
    ...services,
    ...services.flatMap((one, index) => {
      const own = routing.subsetRules[index];
      return own ? [subsetRuleOf(one, own.mode)] : [];
    }),
    ...ruleObjects(rules, services),
    ...backendObjects(backends, services),
    ...entries,
    ...routing.routes,
    ...(routing.gatewayRoutes ?? []),
    ...(routing.sidecars ?? []),
  ];
}

function callOf(
  one: ValueOf<typeof draft>,
  objects: KubeObject[],
  { clients, domain }: { clients: number; domain: string },
): AskedCall {
  const targets = targetsIn(objects, domain);
  const { address, ports, names } = targets[one.target % targets.length]!;
  const known = one.elsewhere ? allNames(objects, domain) : names;
  const host = inOneWay(known[one.host % known.length]!, objects, domain);
  const port = one.port ?? ports[one.ofPorts % ports.length] ?? 443;
  const sends = one.sends ?? USUAL[port] ?? "http";
  return {
    client: one.client % clients,
    address,
    port,
    sends,
    ...(sends === "http" || sends === "tls" ? { host } : {}),
    ...(sends === "http" && one.path !== undefined && { path: one.path }),
  };
}

const USUAL: Readonly<Record<number, AskedCall["sends"]>> = { 443: "tls", 5432: "tcp" };

/**
 * A name that istiod gives to one virtual host: where a ServiceEntry has the host of an ExternalName, the short
 * forms are those of the one or of what the other stands for, as the order of a map has it.
 */
function inOneWay(name: string, objects: KubeObject[], domain: string): string {
  const aliases = objects.filter((object) => at(object, "spec", "type") === "ExternalName");
  const entries = objects.filter(({ kind }) => kind === "ServiceEntry");
  const shared = aliases
    .map((alias) => namesOf(alias, domain))
    .filter((names) =>
      entries.some((entry) => (at(entry, "spec", "hosts") as string[]).includes(names.at(-1)!)),
    );
  return shared.find((names) => names.includes(name))?.at(-1) ?? name;
}

/** Something that a call may be for. */
interface Target {
  address: string;
  ports: number[];
  names: string[];
}

const OUTSIDE: Target = {
  address: "198.51.100.9",
  ports: [80, 443],
  names: ["h.org", "nobody.org"],
};

function targetsIn(objects: KubeObject[], domain: string): Target[] {
  const targets = objects.flatMap((object): Target[] => {
    if (object.kind !== "Service" && object.kind !== "ServiceEntry") return [];
    const { clusterIP, addresses = [] } = object.spec as {
      clusterIP?: string;
      addresses?: string[];
    };
    const ports = (object.spec as { ports?: { port?: number; number?: number }[] }).ports ?? [];
    const own = [clusterIP ?? "", ...addresses.map((one) => one.split("/")[0]!)];
    const pods = object.kind === "Service" ? podAddresses(objects) : [];
    const address = own.find((one) => /^\d+\./.test(one)) ?? pods[0] ?? OUTSIDE.address;
    const numbers = ports.map(({ port, number }) => port ?? number ?? 443);
    return [{ address, ports: numbers, names: namesOf(object, domain) }];
  });
  const routed = new Set(objects.flatMap((object) => routedNames(object, domain)));
  const isRouted = ({ names }: Target) => names.some((name) => routed.has(name));
  // What is routed is called more often, so that calls meet routes.
  const often = targets.filter(isRouted);
  return [...targets, OUTSIDE, ...often, ...often, ...often];
}

/** The hosts that a route is about, in full. */
function routedNames(object: KubeObject, domain: string): string[] {
  const { namespace } = object.metadata as { namespace: string };
  const inCluster = (name: string, from = namespace) => `${name}.${from}.svc.${domain}`;
  if (object.kind === "VirtualService") {
    const hosts = (at(object, "spec", "hosts") ?? []) as string[];
    return hosts.map((host) => (host.includes(".") ? host : inCluster(host)));
  }
  const parents = (at(object, "spec", "parentRefs") ?? []) as ParentRef[];
  return parents.map(({ name, namespace: from }) => inCluster(name, from));
}

interface ParentRef {
  name: string;
  namespace?: string;
}

function podAddresses(objects: KubeObject[]): string[] {
  const addresses = objects.map((object) => text(at(object, "status", "podIP")));
  return addresses.filter((address) => address !== "");
}

/** How applications name what they call. */
function namesOf(object: KubeObject, domain: string): string[] {
  const { name, namespace } = object.metadata as { name: string; namespace: string };
  if (object.kind === "Service") {
    const inCluster = `${name}.${namespace}.svc`;
    const whole = `${inCluster}.${domain}`;
    return [name, `${name}.${namespace}`, inCluster, whole, whole, whole];
  }
  const hosts = (at(object, "spec", "hosts") ?? []) as string[];
  return hosts.map((host) => host.replace(/^\*\.?/, "sub."));
}

function allNames(objects: KubeObject[], domain: string): string[] {
  return [...objects.flatMap((object) => namesOf(object, domain)), ...OUTSIDE.names];
}
