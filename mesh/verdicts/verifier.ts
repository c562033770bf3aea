import type { EffectiveTls } from "../clusters/effective-tls.js";
import { trustsSystemAuthorities } from "../input/istio-version.js";
import { type ObjectRef, UNKNOWN } from "../input/kube-object.js";
import { at, indexBy, items, text } from "../input/plain.js";
import type { Mesh } from "../mesh.js";
import type { Service } from "../registry/service.js";
import type { DestinationRule } from "../rules/destination-rule.js";
import type { Verdict } from "../verdicts/verdict.js";
import { tlsBlock } from "../rules/tls-block.js";

/** What a client's proxy does, or why it does nothing. */
export type ProxyTls =
  | EffectiveTls
  /** istiod sends no cluster: the call passes the proxy as the workload sends it. */
  | "no cluster"
  /** The client's namespace opted out of the mesh. */
  | "no sidecar"
  | "unknown";

/** Who checks that the server is the one that is meant. */
export type Verifier =
  /** The client's proxy: the certificate and the name on it. */
  | "sidecar"
  /** The proxy takes any name that a trusted authority signed for. */
  | "sidecar, any name"
  /** The workload speaks TLS itself, through the proxy. */
  | "workload"
  /** The port's name doesn't say whether the workload does. */
  | "workload, if it encrypts"
  | "nobody"
  | "unknown";

/**
 * Who verifies the server of an alias's port.
 *
 * @param tls what the client's proxy does
 * @param carrier the verdict about the host that carries the traffic
 */
export function verifierOf(mesh: Mesh, tls: ProxyTls, carrier: Verdict): Verifier {
  switch (tls) {
    case "unknown":
      return "unknown";
    case "SIMPLE":
    case "MUTUAL":
      return proxyVerifier(mesh, carrier);
    case "ISTIO_MUTUAL":
      return "nobody";
    case "PLAIN":
    case "AUTO":
    case "no cluster":
    case "no sidecar":
      return workloadVerifier(mesh, carrier);
  }
}

/** What goes through as the workload sends it is verified by the workload, if at all. */
function workloadVerifier(mesh: Mesh, { alias, host, port }: Verdict): Verifier {
  const named = lookupOf(mesh).services.get(nameOf(alias)) ?? [];
  const services = [...new Set([...mesh.registry.of(host), ...named])];
  const protocols = services.flatMap(({ ports }) =>
    ports.filter(({ number }) => number === port).map(({ protocol }) => protocol),
  );
  if (protocols.some((protocol) => ENCRYPTED.has(protocol))) return "workload";
  if (protocols.some((protocol) => IN_THE_CLEAR.has(protocol))) return "nobody";
  return "workload, if it encrypts";
}

const ENCRYPTED = new Set(["tls", "https"]);
/** Protocols that Istio reads as they are; over TLS they would be named `tls` or `https`. */
const IN_THE_CLEAR = new Set(["http", "http2", "grpc", "grpc-web"]);

/** What a proxy checks that starts TLS (`VERIFY_CERTIFICATE_AT_CLIENT`, automatic SAN validation). */
function proxyVerifier(mesh: Mesh, { rule, level = "top", host, port, subset }: Verdict): Verifier {
  const found = rule && lookupOf(mesh).rules.get(nameOf(rule))?.[0];
  const tls = found && tlsBlock(found.object, { level, port, subset });
  if (!tls) return "unknown";
  const { insecureSkipVerify, caCertificates, credentialName, sni, subjectAltNames } = tls;
  if ([insecureSkipVerify, caCertificates, subjectAltNames, sni].includes(UNKNOWN)) {
    return "unknown";
  }
  if (insecureSkipVerify === true) return "nobody";
  const namesAuthority = text(caCertificates) !== "" || text(credentialName) !== "";
  if (!namesAuthority && !trustsSystemAuthorities(mesh.facts)) return "nobody";
  const namesServer = items(subjectAltNames).length > 0 || entryNamesServer(mesh, host);
  // Without a name of its own the request's host is both sent and checked.
  return namesServer || text(sni) === "" ? "sidecar" : "sidecar, any name";
}

function entryNamesServer(mesh: Mesh, host: string): boolean {
  return mesh.registry
    .of(host)
    .some(
      ({ object, fromKubernetes }) =>
        !fromKubernetes && items(at(object, "spec", "subjectAltNames")).length > 0,
    );
}

/** The services and rules of a mesh by what declares them: a posture has many rows. */
function lookupOf(mesh: Mesh): Lookup {
  const lookup = lookups.get(mesh) ?? {
    services: indexBy(mesh.services, ({ ref }) => nameOf(ref)),
    rules: indexBy(mesh.rules, ({ ref }) => nameOf(ref)),
  };
  lookups.set(mesh, lookup);
  return lookup;
}

interface Lookup {
  services: ReadonlyMap<string, readonly Service[]>;
  rules: ReadonlyMap<string, readonly DestinationRule[]>;
}

const lookups = new WeakMap<Mesh, Lookup>();

function nameOf({ namespace, name }: Pick<ObjectRef, "namespace" | "name">): string {
  return `${namespace}/${name}`;
}
