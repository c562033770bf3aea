import { at, isPlain, items, type KubeObject, type Plain, text } from "../../mesh/index.js";

/**
 * An object without what no verdict depends on: a cluster's Pods alone would fill the memory otherwise,
 * and a change of a status would look like one of the mesh.
 */
export function trimmed(object: KubeObject): KubeObject {
  const plain = object as Plain;
  const { apiVersion, kind } = plain;
  const metadata = metadataOf(plain);
  const rest = REST[text(kind)] ?? ((other) => ({ spec: other.spec }));
  // JSON leaves out what isn't there.
  return JSON.parse(JSON.stringify({ apiVersion, kind, metadata, ...rest(plain) })) as KubeObject;
}

function metadataOf(object: Plain): Plain {
  const { name, namespace, uid, labels, annotations, creationTimestamp, deletionTimestamp } = (
    isPlain(object.metadata) ? object.metadata : {}
  ) as Record<string, unknown>;
  const kept = Object.entries(isPlain(annotations) ? annotations : {}).filter(
    ([key]) => key !== "kubectl.kubernetes.io/last-applied-configuration",
  );
  return {
    name,
    namespace,
    // Events name the rule that they are about.
    ...(object.kind === "DestinationRule" && { uid }),
    labels,
    ...(kept.length > 0 && { annotations: Object.fromEntries(kept) }),
    creationTimestamp,
    deletionTimestamp,
  };
}

/** By kind what is kept beside the metadata; of others, the spec. */
const REST: Readonly<Record<string, (object: Plain) => Plain>> = {
  Namespace: () => ({}),
  // istiod's.
  ConfigMap: ({ data }) => ({ data: { mesh: at(data, "mesh") } }),
  Pod: (pod) => ({ spec: containersOf(pod), status: statusOf(pod) }),
  Deployment: ({ spec }) => {
    const template = at(spec, "template");
    const annotations = at(template, "metadata", "annotations");
    return { spec: { template: { metadata: { annotations }, spec: containersOf(template) } } };
  },
  EndpointSlice: ({ addressType, endpoints, ports }) => ({
    addressType,
    endpoints: items(endpoints).map((endpoint) => ({
      addresses: at(endpoint, "addresses"),
      targetRef: targetOf(at(endpoint, "targetRef")),
    })),
    ports,
  }),
  WorkloadEntry: ({ spec, status }) => ({ spec, status: { conditions: conditionsOf(status) } }),
};

function targetOf(target: unknown): unknown {
  if (!isPlain(target)) return undefined;
  const { kind, namespace, name } = target;
  return { kind, namespace, name };
}

/** A sidecar or gateway, which says what the Pod is; istiod, which says its version. */
function containersOf(pod: unknown): Plain {
  return {
    containers: items(at(pod, "spec", "containers"))
      .filter((container) => ["istio-proxy", "discovery"].includes(text(at(container, "name"))))
      .map((container) => ({
        name: at(container, "name"),
        image: at(container, "image"),
        args: items(at(container, "args")).filter((arg) => arg === "router"),
      })),
  };
}

function statusOf({ status }: Plain): Plain {
  return {
    phase: at(status, "phase"),
    podIP: at(status, "podIP"),
    podIPs: at(status, "podIPs"),
    conditions: conditionsOf(status),
  };
}

function conditionsOf(status: unknown): unknown[] {
  return items(at(status, "conditions"))
    .filter((condition) => ["Ready", "Healthy"].includes(text(at(condition, "type"))))
    .map((condition) => ({ type: at(condition, "type"), status: at(condition, "status") }));
}
