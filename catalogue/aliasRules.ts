/** What must hold between the keys of one alias. */
import ipaddr from "ipaddr.js";
import { externalNameIsAlias, type MeshFacts, trustsSystemAuthorities } from "../mesh/index.js";
import { istioEncrypts, protocolOf, transportOf, type PortProtocol } from "./ports.js";
import { contains } from "./names.js";
import type { DeclaredAlias, DeclaredTls } from "./schema.js";

/** A mistake, and the key it stands at. */
export interface KeyMistake {
  path: (string | number)[];
  message: string;
}

interface AliasRule {
  /** Keys that must be valid by themselves before the rule is checked. */
  reads: readonly (keyof DeclaredAlias | "mesh")[];
  /** Paths are relative to the alias. */
  find: (alias: DeclaredAlias, mesh: MeshFacts) => KeyMistake[];
}

export const ALIAS_RULES: readonly AliasRule[] = [
  { reads: ["externalName", "addresses"], find: oneTarget },
  { reads: ["externalName", "mesh"], find: nameOutside },
  { reads: ["externalName", "endpointsApi"], find: endpointsOnlyForAddresses },
  { reads: ["externalName", "resolves", "mesh"], find: resolvesOutside },
  { reads: ["location", "inside"], find: insideKnown },
  { reads: ["externalName", "inside", "mesh"], find: insideOfAName },
  { reads: ["addresses", "endpointsApi", "inside", "ports", "tls"], find: insideOfAddresses },
  { reads: ["addresses"], find: addressesDistinct },
  { reads: ["addresses", "mesh"], find: addressesOutside },
  { reads: ["ports"], find: portsDistinct },
  { reads: ["ports"], find: protocolAsNamed },
  { reads: ["externalName", "ports", "mesh"], find: portsOfAName },
  { reads: ["ports", "tls"], find: somethingToEncrypt },
  { reads: ["externalName", "tls"], find: serverNamed },
  { reads: ["tls", "mesh"], find: serverTrusted },
  { reads: ["tls"], find: clientCertificateGiven },
  { reads: ["tls", "exportTo"], find: secretUsable },
  { reads: ["exportTo", "namespace"], find: exportedOnce },
];

function oneTarget({ externalName, addresses }: DeclaredAlias): KeyMistake[] {
  if (externalName !== undefined && addresses !== undefined) {
    const message = "stands beside externalName; write one of the two";
    return [{ path: ["addresses"], message }];
  }
  if (externalName !== undefined || addresses !== undefined) return [];
  const message = "stands for nothing; write externalName (a DNS name) or addresses (a list)";
  return [{ path: [], message }];
}

function nameOutside({ externalName }: DeclaredAlias, { clusterDomain }: MeshFacts): KeyMistake[] {
  if (!externalName?.endsWith(`.${clusterDomain}`)) return [];
  const message = `"${externalName}" is inside the cluster; write a host outside`;
  return [{ path: ["externalName"], message }];
}

function endpointsOnlyForAddresses({ externalName, endpointsApi }: DeclaredAlias): KeyMistake[] {
  if (externalName === undefined || endpointsApi === undefined) return [];
  const message = "is for addresses, and an externalName has none; leave it out";
  return [{ path: ["endpointsApi"], message }];
}

function resolvesOutside(alias: DeclaredAlias, { clusterDomain }: MeshFacts): KeyMistake[] {
  const { externalName, resolves } = alias;
  if (resolves === undefined) return [];
  const path = ["resolves"];
  if (externalName !== undefined) {
    return [{ path, message: "is for addresses, and an externalName has none; leave it out" }];
  }
  if (!resolves.endsWith(`.${clusterDomain}`)) return [];
  return [{ path, message: `"${resolves}" is inside the cluster; write a host outside` }];
}

function insideKnown({ location, inside }: DeclaredAlias): KeyMistake[] {
  if (location !== "inside" || inside !== undefined) return [];
  const message =
    "missing; write what serves the alias inside: { service: ... } or { selector: ... }";
  return [{ path: ["inside"], message }];
}

function insideOfAName({ externalName, inside }: DeclaredAlias, mesh: MeshFacts): KeyMistake[] {
  if (externalName === undefined || inside === undefined) return [];
  const found = notFor("externalName", inside, ["selector", "targetPorts"]);
  if (inside.service === undefined) {
    const message = "missing; write the Service that takes the external name's place";
    found.push({ path: ["inside", "service"], message });
  }
  if (!externalNameIsAlias(mesh)) {
    const message =
      `Istio ${mesh.istioVersion} would send what is inside the TLS that is meant for outside; ` +
      "leave it out, or move to Istio 1.21 first";
    found.push({ path: ["inside"], message });
  }
  return found;
}

/** Servers outside and inside are endpoints of one cluster for a while, and it has one TLS mode. */
function insideOfAddresses(alias: DeclaredAlias): KeyMistake[] {
  const { addresses, inside, endpointsApi, ports, tls } = alias;
  if (addresses === undefined || inside === undefined) return [];
  const found = notFor("addresses", inside, ["service", "namespace"]);
  if (inside.selector === undefined) {
    const message = "missing; write the labels of the Pods that take the addresses' place";
    found.push({ path: ["inside", "selector"], message });
  }
  if (endpointsApi !== "EndpointSlice") {
    const message =
      "missing for an alias that may move inside: Kubernetes would drop its Endpoints too early; " +
      "write EndpointSlice, and move after that is up";
    found.push({ path: ["endpointsApi"], message });
  }
  if (tls.mode !== "DISABLE") {
    const message =
      `${tls.mode} would be spoken to the Pods inside as well; ` +
      "write DISABLE, or an externalName, which has a cluster for each of the two";
    found.push({ path: ["tls", "mode"], message });
  }
  const names = ports.map(({ name }) => name);
  const unknown = Object.keys(inside.targetPorts ?? {}).filter((name) => !names.includes(name));
  return [
    ...found,
    ...unknown.map((name) => ({
      path: ["inside", "targetPorts", name],
      message: `no port has this name; write ${names.join(" or ")}`,
    })),
  ];
}

type Inside = NonNullable<DeclaredAlias["inside"]>;

function notFor(kind: string, inside: Inside, keys: (keyof Inside)[]): KeyMistake[] {
  return keys
    .filter((key) => inside[key] !== undefined)
    .map((key) => ({
      path: ["inside", key],
      message: `means nothing for an alias with ${kind}; leave it out`,
    }));
}

/** Kubernetes mirrors no more of one subset, and takes no more in one slice. */
const MOST_ADDRESSES = 1000;

function addressesDistinct({ addresses = [] }: DeclaredAlias): KeyMistake[] {
  const again = addresses.flatMap((address, i) => {
    const first = addresses.indexOf(address);
    const message = `"${address}" is addresses[${first}] already; remove one`;
    return first === i ? [] : [{ path: ["addresses", i], message }];
  });
  if (addresses.length <= MOST_ADDRESSES) return again;
  const message = `has ${addresses.length} addresses; write ${MOST_ADDRESSES} or fewer`;
  return [...again, { path: ["addresses"], message }];
}

function addressesOutside({ addresses = [] }: DeclaredAlias, { clusterCidrs }: MeshFacts) {
  return addresses.flatMap((address, i): KeyMistake[] => {
    const range = clusterCidrs.find((cidr) => contains(cidr, ipaddr.parse(address)));
    const message = `"${address}" is inside the cluster (${range}); write an address outside`;
    return range === undefined ? [] : [{ path: ["addresses", i], message }];
  });
}

function portsDistinct({ ports }: DeclaredAlias): KeyMistake[] {
  return ports.flatMap((port, i) => {
    const before = ports.slice(0, i);
    const found: KeyMistake[] = [];
    if (before.some(({ name }) => name === port.name)) {
      const message = `"${port.name}" names another port already; write another name`;
      found.push({ path: ["ports", i, "name"], message });
    }
    const same = (other: typeof port) =>
      other.port === port.port && transportOf(other) === transportOf(port);
    if (before.some(same)) {
      const message = `${port.port} stands here twice; write one entry for it`;
      found.push({ path: ["ports", i, "port"], message });
    }
    return found;
  });
}

function protocolAsNamed({ ports }: DeclaredAlias): KeyMistake[] {
  return ports.flatMap(({ name, protocol }, i): KeyMistake[] => {
    const named = transportOf({ name });
    const message = `${protocol} contradicts the name "${name}"; write ${named}, or another name`;
    return (protocol ?? named) === named ? [] : [{ path: ["ports", i, "protocol"], message }];
  });
}

/** Protocols that carry a name to find the target by: a Host header, or the SNI that the workload sends. */
const BY_NAME: readonly (PortProtocol | undefined)[] = ["http", "http2", "grpc", "grpc-web"];
const BY_SNI: readonly (PortProtocol | undefined)[] = ["https", "tls"];

/** An ExternalName has no address, so Istio must find its traffic by name. */
function portsOfAName({ externalName, ports }: DeclaredAlias, mesh: MeshFacts): KeyMistake[] {
  if (externalName === undefined) return [];
  const isAlias = externalNameIsAlias(mesh);
  const served = isAlias ? [...BY_NAME, ...BY_SNI] : BY_NAME;
  return ports.flatMap(({ name, targetPort }, i) => {
    const found: KeyMistake[] = [];
    if (!served.includes(protocolOf(name))) {
      const message =
        `"${name}": an externalName has no address of its own, so Istio ${mesh.istioVersion} would ` +
        `take all traffic to this port for it; write addresses, or a port named ${served.join(", ")}`;
      found.push({ path: ["ports", i, "name"], message });
    }
    if (targetPort !== undefined && !isAlias) {
      const message = `does nothing for an externalName before Istio 1.21; leave it out, or write addresses`;
      found.push({ path: ["ports", i, "targetPort"], message });
    }
    return found;
  });
}

function somethingToEncrypt({ ports, tls }: DeclaredAlias): KeyMistake[] {
  if (tls.mode === "DISABLE") return [];
  if (!ports.some((port) => istioEncrypts(port.name))) {
    const message =
      `${tls.mode} would wrap TLS in TLS: the workload encrypts on a port named tls or https; ` +
      "write DISABLE, or name the port http and let the sidecar encrypt";
    return [{ path: ["tls", "mode"], message }];
  }
  return ports.flatMap(({ name, port, targetPort }, i): KeyMistake[] => {
    if (port !== 80 || targetPort !== undefined || !istioEncrypts(name)) return [];
    const message = `${tls.mode} would speak TLS to port 80; write targetPort: 443, or where it listens`;
    return [{ path: ["ports", i], message }];
  });
}

function serverNamed({ externalName, tls }: DeclaredAlias): KeyMistake[] {
  if (tls.mode === "DISABLE" || externalName !== undefined || tls.sni !== undefined) return [];
  const message = "missing; write the server's name, which the addresses don't give";
  return [{ path: ["tls", "sni"], message }];
}

/** Up to Istio 1.20 a sidecar without certificates to trust checks nothing. */
function serverTrusted({ tls }: DeclaredAlias, mesh: MeshFacts): KeyMistake[] {
  if (tls.mode === "DISABLE" || trustsSystemAuthorities(mesh)) return [];
  if (tls.caCertificates !== undefined || tls.credentialName !== undefined) return [];
  const message =
    `missing, and Istio ${mesh.istioVersion} then checks no certificate; ` +
    "write the path of the trusted ones, such as /etc/ssl/certs/ca-certificates.crt";
  return [{ path: ["tls", "caCertificates"], message }];
}

function clientCertificateGiven({ tls }: DeclaredAlias): KeyMistake[] {
  if (tls.mode !== "MUTUAL" || tls.credentialName !== undefined) return [];
  return (["clientCertificate", "privateKey"] as const)
    .filter((key) => tls[key] === undefined)
    .map((key) => ({
      path: ["tls", key],
      message:
        "missing for MUTUAL; write its path in the sidecar, or credentialName with a workloadSelector",
    }));
}

/** Sidecars read credentialName only in a rule with a workloadSelector; without it they send plain text. */
function secretUsable({ tls, exportTo }: DeclaredAlias): KeyMistake[] {
  if (tls.mode === "DISABLE") return [];
  const found: KeyMistake[] = [];
  const secret = tls.credentialName !== undefined;
  if (secret !== (tls.workloadSelector !== undefined)) {
    const [missing, why] = secret
      ? ["workloadSelector", "and without it a sidecar ignores credentialName and sends plain text"]
      : ["credentialName", "which is what a workloadSelector is for"];
    const message = `missing, ${why}; write it, or file paths instead`;
    found.push({ path: ["tls", missing], message });
  }
  const files = filesOf(tls).filter((key) => secret && tls[key as keyof DeclaredTls] !== undefined);
  for (const key of files) {
    found.push({
      path: ["tls", key],
      message: "stands beside credentialName; write one of the two",
    });
  }
  if (tls.workloadSelector && exportTo?.some((namespace) => namespace !== ".")) {
    const message =
      'a rule with a workloadSelector stays in its namespace; write ["."], or leave it out';
    found.push({ path: ["exportTo"], message });
  }
  return found;
}

function filesOf({ mode }: DeclaredTls): string[] {
  return mode === "MUTUAL"
    ? ["caCertificates", "clientCertificate", "privateKey"]
    : ["caCertificates"];
}

/** Mirrors Istio's validation, which counts `.` as the alias's own namespace. */
function exportedOnce({ exportTo = [], namespace: own }: DeclaredAlias): KeyMistake[] {
  if (exportTo.includes("*") && exportTo.length > 1) {
    return [{ path: ["exportTo"], message: '"*" is every namespace already; write it alone' }];
  }
  const meant = exportTo.map((namespace) => (namespace === "." ? own : namespace));
  return meant.flatMap((namespace, i) => {
    const first = meant.indexOf(namespace);
    if (first === i) return [];
    const [one, other] = [exportTo[first]!, exportTo[i]!];
    const message =
      one === other
        ? `"${other}" stands here twice; remove one`
        : `"${other}" is "${one}", which stands here already; remove one`;
    return [{ path: ["exportTo", i], message }];
  });
}
