import {
  at,
  items,
  type Mesh,
  type Plain,
  text,
  trustsSystemAuthorities,
  UNKNOWN,
  type Verdict,
} from "../../mesh/index.js";
import type { PostureTls, Verifier } from "./row.js";
import { tlsBlock } from "./tls-block.js";

/**
 * Who verifies the server of an alias's port.
 *
 * @param tls what the client's proxy does
 * @param carrier the verdict about the host that carries the traffic
 */
export function verifierOf(mesh: Mesh, tls: PostureTls, carrier: Verdict): Verifier {
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
  const services = mesh.services.filter(
    ({ ref, host: own }) =>
      own === host || (ref.namespace === alias.namespace && ref.name === alias.name),
  );
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
  const found = mesh.rules.find(
    ({ ref }) => ref.namespace === rule?.namespace && ref.name === rule?.name,
  );
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
  const entries: readonly Plain[] = mesh.byKind.ServiceEntry;
  return entries.some(
    (entry) =>
      items(at(entry, "spec", "hosts")).includes(host) &&
      items(at(entry, "spec", "subjectAltNames")).length > 0,
  );
}
