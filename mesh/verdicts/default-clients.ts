import { at, compareText, fits, isPlain, items, NAMELESS, text } from "../input/plain.js";
import type { Labels, Plain } from "../input/plain.js";
import { isUnknown } from "../input/kube-object.js";
import type { Mesh } from "../mesh.js";
import type { DestinationRule } from "../rules/destination-rule.js";
import type { Client } from "../scope/client.js";
import { gatewayClasses, isOfGatewayApi } from "./location.js";

/** Kinds without a namespace, whose objects say nothing about where clients are. */
const NAMESPACED = new Set([
  "Service",
  "Endpoints",
  "EndpointSlice",
  "Pod",
  "DestinationRule",
  "ServiceEntry",
  "WorkloadEntry",
  "Sidecar",
  "VirtualService",
  "PeerAuthentication",
  "Deployment",
  "StatefulSet",
  "DaemonSet",
  "Job",
  "CronJob",
  "Gateway",
]);

/**
 * Stands for every namespace that the objects don't show: most clusters have others, and what such
 * a client follows isn't what the clients beside the alias do. No real namespace has this name.
 */
export const ANY_OTHER: Client = { namespace: "any other namespace" };

/**
 * The classes of callers that the objects show: the sidecars of each namespace,
 * distinguished by the labels that rules and Sidecars select by; gateways, where the objects show one;
 * namespaces that something is exported to; and {@link ANY_OTHER}. Sorted by namespace, those that no
 * object is in after those that one is.
 */
export function defaultClients(mesh: Mesh): Client[] {
  const shown = shownClients(mesh);
  const known = new Set(shown.map(({ namespace }) => namespace));
  const exportedTo = [...mesh.rules, ...mesh.services]
    .flatMap(({ exportTo }) => exportTo)
    .filter((namespace) => !["*", ".", "~"].includes(namespace) && !known.has(namespace));
  const named = [...new Set(exportedTo)].sort(compareText).map((namespace) => ({ namespace }));
  return [...shown, ...named, ANY_OTHER];
}

function shownClients(mesh: Mesh): Client[] {
  const gateways = gatewayNamespaces(mesh);
  const namespaces = new Set<string>();
  for (const object of mesh.objects) {
    const namespace = namespaceOf(object);
    if (namespace !== undefined) namespaces.add(namespace);
  }
  namespaces.delete(mesh.facts.rootNamespace);
  return [...new Set([...namespaces, ...gateways])]
    .sort(compareText)
    .flatMap((namespace) => [
      ...(namespaces.has(namespace) ? sidecarClasses(mesh, namespace) : []),
      ...(gateways.has(namespace) ? [{ namespace, gateway: true }] : []),
    ]);
}

function namespaceOf(object: Plain): string | undefined {
  const metadata = at(object, "metadata");
  if (object.kind === "Namespace") return text(at(metadata, "name")) || undefined;
  const written = text(at(metadata, "namespace"));
  if (written !== "") return written;
  return NAMESPACED.has(text(object.kind)) && at(metadata, "namespace") === undefined
    ? "default"
    : undefined;
}

/** Workloads that are distinguished by what some rule or Sidecar of the namespace selects. */
function sidecarClasses(mesh: Mesh, namespace: string): Client[] {
  const ofRules = mesh.selectorsByNamespace.get(namespace) ?? [];
  const ofSidecars = mesh.sidecars.selectorsIn(namespace);
  const selectors = distinct([...ofRules, ...ofSidecars, ...bothOf(ofSidecars, ofRules)]);
  if (selectors.length === 0) return [{ namespace }];
  return [{}, ...selectors].map((labels) => ({ namespace, labels }));
}

/** A workload may import by a Sidecar what it then follows a rule towards: one with both's labels. */
function bothOf(ofSidecars: readonly Labels[], ofRules: readonly Labels[]): Labels[] {
  return ofSidecars.flatMap((sidecar) =>
    ofRules.map((rule) => ({ ...sidecar, ...rule })).filter((both) => fits(sidecar, both)),
  );
}

/** The distinct label sets, other than the empty one, that something in a namespace selects by. */
export function selectorsIn(mesh: Mesh, namespace: string): Labels[] {
  return distinct([
    ...(mesh.selectorsByNamespace.get(namespace) ?? []),
    ...mesh.sidecars.selectorsIn(namespace),
  ]);
}

/** Each label set once, in an order of their own, without the empty one. */
function distinct(selectors: readonly Labels[]): Labels[] {
  const byText = new Map(
    selectors
      .filter((labels) => Object.keys(labels).length > 0)
      .map((labels) => [JSON.stringify(Object.entries(labels).sort()), labels]),
  );
  return [...byText.entries()].sort(([a], [b]) => compareText(a, b)).map(([, labels]) => labels);
}

/** Where gateways run: Gateways that istiod deploys one for, and workloads that are one. */
function gatewayNamespaces({ objects, rules, facts: { rootNamespace } }: Mesh): Set<string> {
  const classes = gatewayClasses(objects);
  const shown = objects.filter(
    (object) => isDeployed(object, classes) || isGatewayWorkload(object),
  );
  const namespaces = new Set(shown.flatMap((object) => namespaceOf(object) ?? []));
  // A rule that only proxies of the root namespace see is for its gateways: nothing else has one there.
  const isOwn = rules.some((rule) => mayBePrivateTo(rule, rootNamespace));
  // What Istio's own Gateways select must be somewhere: by default where Istio is.
  const isSelected = objects.some(
    ({ apiVersion, kind }) =>
      kind === "Gateway" && text(apiVersion).startsWith("networking.istio.io/"),
  );
  if (isOwn || (isSelected && namespaces.size === 0)) namespaces.add(rootNamespace);
  return namespaces;
}

/** Whether a rule is, or may turn out to be, for proxies of one namespace only. */
function mayBePrivateTo({ ref, exportTo, object }: DestinationRule, namespace: string): boolean {
  if (ref.namespace !== namespace && ref.namespace !== NAMELESS) return false;
  const exported = at(object, "spec", "exportTo");
  const isOpen = [object.spec, exported, at(object, "spec", "workloadSelector")]
    .concat(items(exported))
    .some(isUnknown);
  return isOpen || (exportTo.length > 0 && !exportTo.includes("*"));
}

/** A Gateway of the Kubernetes API that istiod deploys a gateway for, as far as is known. */
function isDeployed(object: Plain, classes: ReadonlySet<string>): boolean {
  if (object.kind !== "Gateway" || !isOfGatewayApi(object)) return false;
  const className = at(object, "spec", "gatewayClassName");
  return isUnknown(object.spec) || isUnknown(className) || classes.has(text(className));
}

/** A workload that is injected as a gateway, or whose proxy runs as one. */
function isGatewayWorkload(object: Plain): boolean {
  const pod = object.kind === "Pod" ? object : at(object, "spec", "template");
  const annotations = at(pod, "metadata", "annotations");
  const templates = isPlain(annotations) ? text(annotations["inject.istio.io/templates"]) : "";
  const isRouter = (container: unknown) =>
    at(container, "name") === "istio-proxy" && items(at(container, "args")).includes("router");
  return (
    templates.split(",").includes("gateway") || items(at(pod, "spec", "containers")).some(isRouter)
  );
}
