import type { Catalogue, CatalogueAlias, CatalogueClient } from "../../catalogue/catalogue.js";
import { curlArguments, portOf, requestUrl } from "../../stack/commands.js";
import type { EffectiveTls, MeshFacts } from "../../mesh/index.js";
import type { Container } from "../kube/exec.js";
import { aliasHost, clientKey, modeOn } from "./declared.js";
import type { Reality } from "./reality.js";
import { type Row, row } from "./row.js";
import { isMeantFor, sentCluster } from "./tls-rows.js";

/** A client that calls an alias: what it takes, and what is promised of the answer. */
export interface CurlCall {
  /** `default/sleep calls default/my-httpbin`. */
  subject: string;
  from: Container;
  /** The task's command line, as the stack's outputs have it. */
  curl: readonly string[];
  promised: Promised;
}

/** What the answer to a call must show. */
export interface Promised {
  /** A text that is in it. @default any answer that isn't an error will do */
  text?: string;
  /** The alias's own address, where it has one: the call went there. */
  address?: string;
  /** It came through the client's sidecar, and that can be seen: the sidecar signs plain HTTP. */
  isSigned: boolean;
  /** What the client's sidecar makes of TLS; `no cluster` where istiod sends it nothing for the alias. */
  sidecar?: EffectiveTls | "no cluster";
}

/** Each client's call of each alias, in the order of the catalogue; a row instead where none is made. */
export function callsOf(
  { clients, aliases, mesh }: Catalogue,
  reality: Reality,
): (CurlCall | Row)[] {
  return clients.flatMap((client) => aliases.map((alias) => callOf(client, alias, mesh, reality)));
}

function callOf(
  client: CatalogueClient,
  alias: CatalogueAlias,
  mesh: MeshFacts,
  reality: Reality,
): CurlCall | Row {
  const { namespace, name, ports, externalName, call } = alias;
  const subject = `${clientKey(client)} calls ${namespace}/${name}`;
  const requested = { ...call, ports, externalName };
  const host = aliasHost(alias, mesh);
  const url = requestUrl(requested, host);
  if (url === undefined) return notCalled(subject, "no request is declared, and none is obvious");
  const [pod] = (reality.pods.get(clientKey(client)) ?? []).filter(
    ({ status }) => status.phase === "Running",
  );
  const port = ports.find((port) => port.port === portOf(url));
  const mode = port ? modeOn(port, alias) : "DISABLE";
  if (!client.injected && (mode === "SIMPLE" || mode === "MUTUAL")) {
    const by = client.dataplane === "ambient" ? "ztunnel doesn't" : "it has no sidecar to";
    return notCalled(subject, `${by} encrypt for it`);
  }
  if (client.injected && !isMeantFor(client, alias, pod)) {
    return notCalled(subject, "the alias's rules aren't for it");
  }
  const { clusterIP } = reality.services.get(`${namespace}/${name}`)?.spec ?? {};
  const promised: Promised = {
    isSigned: client.injected && url.protocol === "http:",
    ...(call.answer !== undefined && { text: call.answer }),
    ...(clusterIP && { address: clusterIP }),
    ...(client.injected && port && sidecarTls(client, alias, port.port, mesh, reality)),
  };
  if (!pod) return row(subject, promiseText(promised), "not called: no Pod runs");
  const from = { namespace: client.namespace, pod: pod.metadata.name, container: client.name };
  const curl = ["curl", ...curlArguments(url, requested, host, clusterIP)];
  return { subject, from, curl, promised };
}

function notCalled(subject: string, why: string): Row {
  return { subject, expected: `nothing: ${why}`, found: "", ok: true, state: "not called" };
}

/** A Service inside has a cluster of its own, of which the catalogue knows nothing. */
function sidecarTls(
  client: CatalogueClient,
  alias: CatalogueAlias,
  port: number,
  mesh: MeshFacts,
  { clusters }: Reality,
): Pick<Promised, "sidecar"> {
  const sent = clusters.get(clientKey(client));
  if (sent === undefined) return {};
  if (alias.externalName !== undefined && alias.location === "inside") return {};
  return { sidecar: sentCluster(sent, alias, port, mesh)?.tls ?? "no cluster" };
}

/** What is promised, for people. */
export function promiseText({ text, address, isSigned }: Promised): string {
  return [
    text === undefined ? "an answer" : `an answer with ${text}`,
    ...(address === undefined ? [] : [`from ${address}`]),
    ...(isSigned ? ["through the sidecar"] : []),
  ].join(", ");
}
