import type { CatalogueAlias, CatalogueClient } from "../../catalogue/catalogue.js";
import { transportOf } from "../../catalogue/ports.js";
import { type MeshFacts, refText } from "../../mesh/index.js";
import {
  clientKey,
  type DeclaredObject,
  externalNameOf,
  istioObjects,
  modeOn,
  objectKey,
} from "./declared.js";
import { differences } from "./differences.js";
import {
  addressesText,
  hasSidecar,
  type Pod,
  podText,
  type Reality,
  serviceText,
} from "./reality.js";
import { row, type Row } from "./row.js";

/** A client's Pod: the number of its containers shows whether it is in the mesh. */
export function podRow(client: CatalogueClient, { pods }: Reality): Row {
  const texts = (pods.get(clientKey(client)) ?? []).map(
    (pod) => podText(pod) + sidecarText(pod, client.injected),
  );
  const found = [...new Set(texts)].sort().join(", ");
  const expected = client.injected ? "2/2 Running" : "1/1 Running";
  return row(`Pod ${clientKey(client)}`, expected, found || undefined);
}

/** Only shown where it isn't as declared. */
function sidecarText(pod: Pod, injected: boolean): string {
  if (hasSidecar(pod) === injected) return "";
  return injected ? ", no sidecar" : ", has a sidecar";
}

/** The objects that an alias is made of, one row each. */
export function aliasRows(alias: CatalogueAlias, mesh: MeshFacts, reality: Reality): Row[] {
  return [
    serviceRow(alias, mesh, reality),
    ...addressRows(alias, reality),
    ...istioRows(alias, mesh, reality),
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

/** Istio's objects: the rule on the alias, and what else it takes for the rule to count. */
function istioRows(alias: CatalogueAlias, mesh: MeshFacts, reality: Reality): Row[] {
  return istioObjects(alias, mesh).map((declared) => {
    const key = objectKey(alias, declared);
    const text = objectText(declared, alias);
    const found = reality.istioObjects.get(key)?.spec;
    if (found === undefined) return row(key, text, undefined);
    const differing = differences(declared.kind, declared.spec, found);
    if (differing.length === 0) return row(key, text, text);
    return row(
      key,
      differing.map(({ field, declared }) => `${field} ${declared}`).join(", "),
      differing.map(({ field, found }) => `${field} ${found}`).join(", "),
    );
  });
}

/** What it is there for. */
function objectText(declared: DeclaredObject, alias: CatalogueAlias): string {
  const { exportTo = [] } = declared.spec;
  const exported = exportTo.length > 0 ? `, exportTo ${exportTo.join(",")}` : "";
  switch (declared.kind) {
    case "DestinationRule": {
      const modes = alias.ports.map((port) => {
        const mode = modeOn(port, alias);
        return `${port.port} ${mode === "AUTO" ? "no tls" : mode}`;
      });
      return `${declared.spec.host}: ${modes.join(", ")}${exported}`;
    }
    case "ServiceEntry": {
      const ports = declared.spec.ports.map(({ number, targetPort = number }) =>
        targetPort === number ? `${number}` : `${number} to ${targetPort}`,
      );
      return `${declared.spec.hosts.join(",")}: ${ports.join(", ")}${exported}`;
    }
    case "VirtualService": {
      // The Host header that the server sees, where the sidecar encrypts HTTP.
      const routes = declared.spec.http.map(
        ({ match, rewrite }) => `${match[0]?.port} as ${rewrite.authority}`,
      );
      return `${declared.spec.hosts.join(",")}: ${routes.join(", ")}${exported}`;
    }
  }
}

function refOf({ namespace, name }: CatalogueAlias): string {
  return refText({ namespace, name });
}
