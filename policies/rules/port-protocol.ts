import { map, optionalText } from "../fields.js";
import {
  type Finding,
  type ObjectCheck,
  type PolicyRule,
  type StackCheck,
  framework,
  ISTIO_PROTOCOL_SELECTION,
} from "../rule.js";
import { type StackObject, fullName, identity, keyOf, refOf, serviceOf } from "../stack-object.js";
import { entry, listed, nameOf } from "../wording.js";
import { items } from "../../mesh/index.js";

const checkObject: ObjectCheck = (seen) => {
  if (!isAlias(seen)) return [];
  return items(map(seen.object.spec).ports)
    .filter((port) => !saysItsProtocol(map(port)))
    .map((port) => unnamed(seen, map(port)));
};

const checkStack: StackCheck = ({ cluster: { objects } }) => {
  const byId = new Map(objects.map((seen) => [identity(seen), seen]));
  return objects.flatMap((seen) => {
    const owner = serviceOf(seen);
    const service = owner && byId.get(keyOf(owner));
    return service ? withoutEndpoints(service, seen) : [];
  });
};

/** An alias's ports say which protocol they carry, and its endpoints answer to the same names. */
export const portProtocol: PolicyRule = {
  metadata: {
    name: "egress-port-protocol",
    displayName: "Ports of aliases say their protocol",
    description: "A port of an alias must say its protocol, and its endpoints must bear its name.",
    enforcementLevel: "advisory",
    severity: "medium",
    framework: framework("Port names"),
    tags: ["istio", "service", "ports"],
    remediationSteps:
      "Name the port by its protocol (http, https, tls, tcp, grpc, mysql, ... or such a word and a " +
      "suffix: tcp-ldap) or set appProtocol, and use the same name in the Endpoints or EndpointSlice.",
    url: ISTIO_PROTOCOL_SELECTION,
  },
  why: `Istio takes a port's protocol from its name or its appProtocol. Without either it waits for
the first bytes to guess, and a server that speaks first (a database, a mail server) waits too. And an
EndpointSlice's port belongs to the Service's port of the same name: under another name the Service
has no endpoints.`,
  example: {
    reported: `apiVersion: v1
kind: Service
metadata: { name: my-directory, namespace: default }
spec:
  ports: [{ name: ldap, port: 636 }]
`,
    silent: `apiVersion: v1
kind: Service
metadata: { name: my-directory, namespace: default }
spec:
  ports: [{ name: tls-ldap, port: 636 }]
`,
  },
  checkObject,
  checkStack,
};

/** A Service that stands for something else than Pods it selects. */
function isAlias({ object: { kind, spec } }: StackObject): boolean {
  const { type, selector } = map(spec);
  if (kind !== "Service") return false;
  return type === "ExternalName" || selector === undefined || isEmpty(selector);
}

function isEmpty(selector: unknown): boolean {
  return typeof selector === "object" && Object.keys(selector ?? {}).length === 0;
}

/** The words that Istio knows (pkg/config/protocol), and those of Kubernetes. */
const PROTOCOLS = new Set(
  "grpc grpc-web http http_proxy http2 https hbone mongo mysql redis tcp thrift tls udp".split(" "),
);
const APP_PROTOCOLS = new Set(["kubernetes.io/h2c", "kubernetes.io/ws", "kubernetes.io/wss"]);

/** Whether a port's protocol is said, or can't be known to be missing. */
function saysItsProtocol({ name, appProtocol, protocol }: Record<string, unknown>): boolean {
  if (protocol === "UDP" || protocol === "SCTP") return true;
  if (isUnknownText(name) || isUnknownText(appProtocol)) return true;
  const own = optionalText(appProtocol);
  if (own !== undefined) return APP_PROTOCOLS.has(own) || isProtocol(own);
  return isProtocol(optionalText(name) ?? "");
}

function isUnknownText(value: unknown): boolean {
  return value !== undefined && value !== null && typeof value !== "string";
}

function isProtocol(word: string): boolean {
  const lowered = word.toLowerCase();
  return PROTOCOLS.has(lowered) || PROTOCOLS.has(lowered.split("-")[0] ?? "");
}

function unnamed(seen: StackObject, { name, port }: Record<string, unknown>): Finding {
  const number = typeof port === "number" ? ` ${port}` : "";
  const called = typeof name === "string" && name !== "" ? `is named "${name}"` : "has no name";
  return {
    message: [
      entry(nameOf(seen), `port${number} ${called}, which says no protocol, and Istio guesses`),
      entry("instead", "name: tls-..., https-..., http-..., tcp-... or another protocol's word"),
    ].join("\n"),
    about: { alias: fullName(refOf(seen)) },
  };
}

function withoutEndpoints(service: StackObject, seen: StackObject): Finding[] {
  const wanted = portNames(map(service.object.spec).ports);
  const groups = seen.object.kind === "Endpoints" ? items(seen.object.subsets) : [seen.object];
  const offered = groups.flatMap((group) => portNames(map(group).ports) ?? [undefined]);
  // An unknown name may be the one that is missed.
  if (wanted === undefined || offered.includes(undefined)) return [];
  const missed = wanted.filter((name) => !offered.includes(name));
  if (missed.length === 0 || offered.length === 0) return [];
  return [
    {
      message: [
        entry(nameOf(seen), `no port bears the name ${quoted(missed)} of ${nameOf(service)}`),
        entry("it has", quoted(offered as string[])),
        entry("instead", "the Service's own port names"),
      ].join("\n"),
      urn: seen.urn,
      about: { alias: fullName(refOf(service)) },
    },
  ];
}

/** The names of ports, "" for one without; undefined if any isn't known. */
function portNames(ports: unknown): string[] | undefined {
  if (ports !== undefined && !Array.isArray(ports)) return undefined;
  const names = items(ports).map((port) => map(port).name ?? "");
  return names.every((name) => typeof name === "string") ? names : undefined;
}

function quoted(names: readonly string[]): string {
  return listed([...new Set(names)].map((name) => `"${name}"`));
}
