import type { CatalogueAlias, CatalogueClient } from "../../components/catalogue.js";
import { transportOf } from "../../components/ports.js";
import type { MeshFacts } from "../../mesh/index.js";
import { refText } from "../judgement.js";
import {
  aliasHost,
  carryingTarget,
  clientKey,
  externalNameOf,
  modeOn,
  renamingOf,
} from "./declared.js";
import {
  addressesText,
  type DestinationRule,
  hasSidecar,
  type Pod,
  podText,
  type Reality,
  serviceText,
} from "./reality.js";
import { row, type Row } from "./row.js";

/** A client's Pod: how many containers it has tells whether it is in the mesh. */
export function podRow(client: CatalogueClient, { pods }: Reality): Row {
  const texts = (pods.get(clientKey(client)) ?? []).map(
    (pod) => podText(pod) + sidecarText(pod, client.injected),
  );
  const found = [...new Set(texts)].sort().join(", ");
  const expected = client.injected ? "2/2 Running" : "1/1 Running";
  return row(`Pod ${clientKey(client)}`, expected, found || undefined);
}

/** Only told where it isn't as declared. */
function sidecarText(pod: Pod, injected: boolean): string {
  if (hasSidecar(pod) === injected) return "";
  return injected ? ", no sidecar" : ", has a sidecar";
}

/** The objects that an alias is made of, one row each. */
export function aliasRows(alias: CatalogueAlias, mesh: MeshFacts, reality: Reality): Row[] {
  return [
    serviceRow(alias, mesh, reality),
    ...addressRows(alias, reality),
    ...ruleRows(alias, mesh, reality),
    ...entryRows(alias, mesh, reality),
    ...renamingRows(alias, mesh, reality),
  ];
}

function serviceRow(alias: CatalogueAlias, mesh: MeshFacts, { services }: Reality): Row {
  const service = services.get(refOf(alias));
  const subject = `Service ${refOf(alias)}`;
  const ports = alias.ports.map((port) => `${port.port}/${transportOf(port)}`).join(",");
  const found = service && serviceText(service);
  const externalName = externalNameOf(alias, mesh);
  if (externalName !== undefined) {
    return row(subject, `ExternalName <none> ${externalName} ${ports}`, found);
  }
  // Which address it gets, Kubernetes decides.
  const clusterIP = service?.spec.clusterIP ?? "None";
  const address = clusterIP === "None" ? "<an address>" : clusterIP;
  return row(subject, `ClusterIP ${address} <none> ${ports}`, found);
}

function addressRows(alias: CatalogueAlias, { slices }: Reality): Row[] {
  // Inside, they are the Pods', which come and go.
  if (alias.addresses === undefined || alias.location === "inside") return [];
  const ports = alias.ports.map((port) => ({ port: port.targetPort ?? port.port }));
  const declared = {
    endpoints: alias.addresses.map((address) => ({ addresses: [address] })),
    ports,
  };
  const found = slices.get(refOf(alias)) ?? [];
  return [row(`EndpointSlices ${refOf(alias)}`, addressesText([declared]), addressesText(found))];
}

/** The rule on the alias, and the one on its target where only the target has a cluster. */
function ruleRows(alias: CatalogueAlias, mesh: MeshFacts, { rules }: Reality): Row[] {
  const target = carryingTarget(alias, mesh);
  const declared = [
    { name: alias.name, host: aliasHost(alias, mesh) },
    ...(target === undefined ? [] : [{ name: target, host: target }]),
  ];
  const modes = alias.ports.map((port) => {
    const mode = modeOn(port, alias);
    return `${port.port} ${mode === "AUTO" ? NO_TLS : mode}`;
  });
  return declared.map(({ name, host }) => {
    const rule = rules.get(refOf(alias, name))?.spec;
    const found =
      rule &&
      ruleText(
        rule.host,
        alias.ports.map(({ port }) => `${port} ${saidOn(port, rule)}`),
        rule.exportTo,
      );
    const expected = ruleText(host, modes, alias.exportTo);
    return row(`DestinationRule ${refOf(alias, name)}`, expected, found);
  });
}

function ruleText(
  host: string,
  modes: readonly string[],
  exportTo: readonly string[] = [],
): string {
  const exported = exportTo.length > 0 ? `, exportTo ${exportTo.join(",")}` : "";
  return `${host}: ${modes.join(", ")}${exported}`;
}

const NO_TLS = "no tls";

/** What a rule says on a port: a port's own settings replace the ones above as a whole. */
function saidOn(port: number, { trafficPolicy }: DestinationRule["spec"]): string {
  const own = trafficPolicy?.portLevelSettings?.find((setting) => setting.port.number === port);
  const { tls } = own ?? trafficPolicy ?? {};
  return tls === undefined ? NO_TLS : (tls.mode ?? "DISABLE");
}

function entryRows(alias: CatalogueAlias, mesh: MeshFacts, { entries }: Reality): Row[] {
  const target = carryingTarget(alias, mesh);
  if (target === undefined) return [];
  const entry = entries.get(refOf(alias, target))?.spec;
  const expected = entryText(
    [target],
    alias.ports.map(({ port, targetPort }) => ({ number: port, targetPort })),
  );
  const found = entry && entryText(entry.hosts, entry.ports ?? []);
  return [row(`ServiceEntry ${refOf(alias, target)}`, expected, found)];
}

/** The Host header that the server sees, where the sidecar encrypts HTTP. */
function renamingRows(alias: CatalogueAlias, mesh: MeshFacts, reality: Reality): Row[] {
  const renaming = renamingOf(alias, mesh);
  if (renaming === undefined) return [];
  const { host, name, authority, ports } = renaming;
  const subject = `VirtualService ${refOf(alias, name)}`;
  const spec = reality.virtualServices.get(refOf(alias, name))?.spec;
  const routes = spec?.http?.map(({ match = [], rewrite }) => {
    const port = match.map(({ port }) => port).join("|");
    return `${port} as ${rewrite?.authority ?? "it comes"}`;
  });
  const expected = `${host}: ${ports.map((port) => `${port} as ${authority}`).join(", ")}`;
  const found = routes && `${spec?.hosts.join(",")}: ${routes.join(", ")}`;
  return [row(subject, expected, found)];
}

function entryText(
  hosts: readonly string[],
  ports: readonly { number: number; targetPort?: number }[],
): string {
  const pairs = ports.map(({ number, targetPort = number }) =>
    targetPort === number ? `${number}` : `${number} to ${targetPort}`,
  );
  return `${hosts.join(",")}: ${pairs.join(", ")}`;
}

function refOf({ namespace, name }: CatalogueAlias, ofName = name): string {
  return refText({ kind: "", namespace, name: ofName });
}
