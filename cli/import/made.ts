/** What `up` would make of an alias, as plain objects: what the components send, without Pulumi. */
import type { CatalogueAlias } from "../../catalogue/catalogue.js";
import {
  addressesServiceSpec,
  byFamily,
  endpointSubsets,
  nameServiceSpec,
  sliceContent,
  sliceLabels,
  sliceSuffix,
} from "../../components/alias/serviceObjects.js";
import { ISTIO_API_VERSION } from "../../components/resources/istioApi.js";
import { MANAGED_BY } from "../../components/resources/labels.js";
import type { KubeObject, MeshFacts } from "../../mesh/index.js";
import { istioObjects } from "../verify/declared.js";

/** All objects of an alias, its Service first. */
export function madeObjects(alias: CatalogueAlias, mesh: MeshFacts): KubeObject[] {
  const { name, namespace } = alias;
  const metadata = { name, namespace, labels: MANAGED_BY };
  const istio = istioObjects(alias, mesh).map(({ kind, name, spec }) => ({
    apiVersion: ISTIO_API_VERSION,
    kind,
    metadata: { ...metadata, name },
    spec,
  }));
  const made = [{ ...serviceOf(alias), metadata }, ...addressesOf(alias), ...istio];
  // A field without a value isn't sent.
  return JSON.parse(JSON.stringify(made)) as KubeObject[];
}

function serviceOf(alias: CatalogueAlias) {
  const spec =
    alias.externalName === undefined
      ? addressesServiceSpec(alias)
      : nameServiceSpec(alias.externalName, alias.ports);
  return { apiVersion: "v1", kind: "Service", spec };
}

function addressesOf({ name, namespace, ...alias }: CatalogueAlias): object[] {
  if (alias.addresses === undefined) return [];
  const { addresses, ports } = alias;
  if (alias.endpointsApi === "Endpoints") {
    const metadata = { name, namespace, labels: MANAGED_BY };
    const subsets = endpointSubsets(addresses, ports);
    return [{ apiVersion: "v1", kind: "Endpoints", metadata, subsets }];
  }
  return byFamily(addresses).map(([family, own]) => ({
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: name + sliceSuffix(family), namespace, labels: sliceLabels(name) },
    ...sliceContent(family, own, ports),
  }));
}
