import type { KubeObject } from "../input/kube-object.js";
import type { MeshFacts } from "../input/mesh-facts.js";
import { at, isPlain, items, refOf, text, type Plain } from "../input/plain.js";
import { readMesh } from "../mesh.js";
import type { Client } from "../scope/client.js";
import { defaultClients } from "../verdicts/default-clients.js";

/**
 * The clients that the objects of a mesh name. Most objects name none that another doesn't: what
 * an object says about clients is its shape, and only a shape that is new, or the last of its kind to
 * go, changes anything.
 */
export class ClientShapes {
  private readonly shapes = new Map<string, { count: number; object: Plain }>();
  private known: readonly Client[] | undefined;

  constructor(private readonly facts: Partial<MeshFacts>) {}

  /** @returns whether the clients may be others now */
  add(object: Plain): boolean {
    const shape = shapeOf(object);
    const key = JSON.stringify(shape);
    const known = this.shapes.get(key);
    if (known) {
      known.count++;
      return false;
    }
    this.shapes.set(key, { count: 1, object: shape });
    this.known = undefined;
    return true;
  }

  /** @returns whether the clients may be others now */
  remove(object: Plain): boolean {
    const key = JSON.stringify(shapeOf(object));
    const known = this.shapes.get(key);
    if (!known) return false;
    known.count--;
    if (known.count > 0) return false;
    this.shapes.delete(key);
    this.known = undefined;
    return true;
  }

  /** As {@link defaultClients} finds them among all objects. */
  get clients(): readonly Client[] {
    if (!this.known) {
      const objects = [...this.shapes.values()].map(({ object }) => object as KubeObject);
      this.known = defaultClients(readMesh(objects, this.facts));
    }
    return this.known;
  }
}

const REVISION = "istio.io/rev";
const EXPORT_TO = "networking.istio.io/exportTo";
const TEMPLATES = "inject.istio.io/templates";

/** What of an object {@link defaultClients} reads. */
function shapeOf(object: Plain): Plain {
  const { apiVersion, kind } = object;
  const namespace = at(object, "metadata", "namespace");
  const revision = at(object, "metadata", "labels", REVISION);
  const labels = revision === undefined ? {} : { labels: { [REVISION]: revision } };
  const common = { apiVersion, kind, metadata: { namespace, ...labels } };
  const spec = at(object, "spec");
  switch (kind) {
    case "Namespace":
      return { apiVersion, kind, metadata: { name: at(object, "metadata", "name") } };
    case "Gateway":
    case "GatewayClass":
      return { ...common, metadata: { ...common.metadata, name: refOf(object).name }, spec };
    case "Service": {
      const exportTo = at(object, "metadata", "annotations", EXPORT_TO);
      const annotations = exportTo === undefined ? {} : { annotations: { [EXPORT_TO]: exportTo } };
      return { ...common, metadata: { ...common.metadata, ...annotations } };
    }
    case "ServiceEntry": {
      const [exportTo, addresses] = [at(spec, "exportTo"), at(spec, "addresses")];
      return { ...common, spec: { hosts: ["a host"], exportTo, addresses } };
    }
    case "DestinationRule": {
      const [exportTo, workloadSelector] = [at(spec, "exportTo"), at(spec, "workloadSelector")];
      return { ...common, spec: { host: "a.host", exportTo, workloadSelector } };
    }
    case "Sidecar":
      return { ...common, spec: { workloadSelector: at(spec, "workloadSelector") } };
    case "Pod":
      return { ...common, ...podShape(object, common.metadata) };
    default: {
      const template = at(spec, "template");
      return isPlain(template) ? { ...common, spec: { template: podShape(template, {}) } } : common;
    }
  }
}

/** Whether a Pod, or what Pods are made from, is a gateway. */
function podShape(pod: Plain, metadata: object): Plain {
  const templates = at(pod, "metadata", "annotations", TEMPLATES);
  const annotations = text(templates) === "" ? {} : { annotations: { [TEMPLATES]: templates } };
  const proxies = items(at(pod, "spec", "containers")).filter(
    (container) => at(container, "name") === "istio-proxy",
  );
  const containers = proxies.map((container) => ({
    name: "istio-proxy",
    args: items(at(container, "args")).filter((arg) => arg === "router"),
  }));
  return { metadata: { ...metadata, ...annotations }, spec: { containers } };
}
