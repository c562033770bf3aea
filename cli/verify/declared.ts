/** What a catalogue means, in the words of the API server and istiod. */
import type { CatalogueAlias, CatalogueClient } from "../../components/catalogue.js";
import { istioEncrypts, readsHttp } from "../../components/ports.js";
import type { MeshFacts } from "../../mesh/index.js";
import { externalNameIsAlias } from "../../mesh/versions.js";

/** How clients are told apart: the namespace and name of their Deployment. */
export function clientKey({ namespace, name }: CatalogueClient): string {
  return `${namespace}/${name}`;
}

/** The alias in full. */
export function aliasHost(
  { name, namespace }: CatalogueAlias,
  { clusterDomain }: MeshFacts,
): string {
  return `${name}.${namespace}.svc.${clusterDomain}`;
}

/** The target's name, where its cluster carries the traffic rather than the alias's own. */
export function carryingTarget(
  { externalName }: CatalogueAlias,
  mesh: MeshFacts,
): string | undefined {
  return externalNameIsAlias(mesh) ? externalName : undefined;
}

/** What an external name's Service says: the name, or the Service inside that has taken its place. */
export function externalNameOf(
  { externalName, location, inside, namespace }: CatalogueAlias,
  { clusterDomain }: MeshFacts,
): string | undefined {
  if (externalName === undefined || location !== "inside") return externalName;
  return `${inside?.service}.${inside?.namespace ?? namespace}.svc.${clusterDomain}`;
}

/** The TLS mode that is meant on one port: a sidecar doesn't encrypt what the workload encrypts. */
export function modeOn(
  { name }: CatalogueAlias["ports"][number],
  { tls }: CatalogueAlias,
): CatalogueAlias["tls"]["mode"] {
  if (tls.mode === "AUTO") return tls.mode;
  return istioEncrypts(name) ? tls.mode : "DISABLE";
}

/** The host whose requests a sidecar gives the server's name, where it encrypts HTTP. */
export interface Renaming {
  host: string;
  /** Name of the VirtualService. */
  name: string;
  authority: string;
  ports: number[];
}

/** Undefined where the Host header is left to the workload. */
export function renamingOf(alias: CatalogueAlias, mesh: MeshFacts): Renaming | undefined {
  const { tls } = alias;
  const ports = alias.ports.filter(({ name }) => readsHttp(name)).map(({ port }) => port);
  if (!("sni" in tls) || ports.length === 0) return undefined;
  const target = carryingTarget(alias, mesh);
  const host = target ?? aliasHost(alias, mesh);
  return { host, name: target ?? alias.name, authority: tls.sni, ports };
}
