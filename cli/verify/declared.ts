/** What a catalogue means, in the words of the API server and istiod. */
import type { Unwrap } from "@pulumi/pulumi";
import type { CatalogueAlias, CatalogueClient } from "../../catalogue/catalogue.js";
import {
  type EgressTlsObjects,
  egressTlsObjects,
} from "../../components/alias/egressTlsObjects.js";
import { type TlsIntent, tlsIntentOf } from "../../components/alias/tlsIntent.js";
import type {
  DestinationRuleSpec,
  ServiceEntrySpec,
  VirtualServiceSpec,
} from "../../components/resources/istio.js";
import { istioEncrypts } from "../../catalogue/ports.js";
import { externalNameIsAlias, type MeshFacts } from "../../mesh/index.js";

/** How clients are identified: the namespace and name of their Deployment. */
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
  alias: CatalogueAlias,
): TlsIntent["mode"] {
  const tls = tlsIntentOf(alias);
  if (tls.mode === "AUTO") return tls.mode;
  return istioEncrypts(name) ? tls.mode : "DISABLE";
}

/** An object of Istio's that the stack makes for an alias, in the alias's namespace. */
export type DeclaredObject =
  | { kind: "DestinationRule"; name: string; spec: Unwrap<DestinationRuleSpec> }
  | { kind: "ServiceEntry"; name: string; spec: Unwrap<ServiceEntrySpec> }
  | { kind: "VirtualService"; name: string; spec: Unwrap<VirtualServiceSpec> };

/** All of an alias, as its component makes them. */
export function istioObjects(alias: CatalogueAlias, mesh: MeshFacts): DeclaredObject[] {
  const args = { ...alias, tls: tlsIntentOf(alias), host: aliasHost(alias, mesh), mesh };
  // A catalogue has plain values, so these are plain too.
  const made = egressTlsObjects(args) as Unwrap<EgressTlsObjects>;
  const { rule, targetRule, serviceEntry, virtualService } = made;
  return [
    { kind: "DestinationRule", ...rule },
    ...(targetRule ? [{ kind: "DestinationRule" as const, ...targetRule }] : []),
    ...(serviceEntry ? [{ kind: "ServiceEntry" as const, ...serviceEntry }] : []),
    ...(virtualService ? [{ kind: "VirtualService" as const, ...virtualService }] : []),
  ];
}

/** How an object is identified: `ServiceEntry default/httpbin.org`. */
export function objectKey(
  { namespace }: CatalogueAlias,
  { kind, name }: Pick<DeclaredObject, "kind" | "name">,
): string {
  return `${kind} ${namespace}/${name}`;
}
