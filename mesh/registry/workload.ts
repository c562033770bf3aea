import {
  at,
  isPlain,
  items,
  labelsOf,
  refOf,
  text,
  wholeNumber,
  type Labels,
  type Plain,
} from "../input/plain.js";

/** Something that serves: a Pod, a WorkloadEntry, or an address that was written down. */
export interface Workload {
  namespace: string;
  name: string;
  address: string;
  /** All that it has, where there are several: a Pod may have one of each family. */
  addresses: readonly string[];
  labels: Labels;
  /** `istio`: a sidecar is in front of it; `disabled`: none is known; empty: nothing says. Others are passed on. */
  tlsMode: string;
  /** Named ports that it serves. */
  ports: Readonly<Record<string, number>>;
  isPod: boolean;
  /** Not so for a Pod that isn't ready, and a WorkloadEntry whose probes don't succeed. */
  isReady: boolean;
}

/** Whether something in front of an endpoint is taken to end Istio's mutual TLS. */
export function takesMutualTls({ tlsMode }: Pick<Workload, "tlsMode">): boolean {
  return tlsMode !== "" && tlsMode !== "disabled";
}

const TLS_MODE = "security.istio.io/tlsMode";

/** Reads a Pod. istiod finds only ready ones by their address. */
export function readPod(object: Plain): Workload {
  const labels = labelsOf(at(object, "metadata", "labels"));
  const status = at(object, "status");
  const isOver =
    ["Failed", "Succeeded"].includes(text(at(status, "phase"))) ||
    at(object, "metadata", "deletionTimestamp") !== undefined;
  return {
    ...refOf(object),
    address: text(at(status, "podIP")),
    addresses: [at(status, "podIP"), ...items(at(status, "podIPs")).map((one) => at(one, "ip"))]
      .map(text)
      .filter((address) => address !== ""),
    labels,
    tlsMode: labels[TLS_MODE] ?? "disabled",
    ports: {},
    isPod: true,
    isReady: holds(object, "Ready") && !isOver,
  };
}

function holds(object: Plain, type: string): boolean {
  return items(at(object, "status", "conditions")).some(
    (condition) => at(condition, "type") === type && at(condition, "status") === "True",
  );
}

/** Says that a WorkloadEntry is probed. */
export const HEALTH_CHECKS = "proxy.istio.io/health-checks-enabled";

/**
 * Reads a WorkloadEntry; labels of the object win over those in its spec. One that is probed has to
 * have been found healthy (pilot/pkg/serviceregistry/serviceentry `isHealthy`).
 */
export function readWorkloadEntry(object: Plain): Workload {
  const labels = {
    ...labelsOf(at(object, "spec", "labels")),
    ...labelsOf(at(object, "metadata", "labels")),
  };
  const isProbed = /^(1|t|T|TRUE|true|True)$/.test(
    text(at(object, "metadata", "annotations", HEALTH_CHECKS)),
  );
  return {
    ...refOf(object),
    ...readAddress(at(object, "spec"), labels),
    isReady: !isProbed || holds(object, "Healthy"),
  };
}

/** Reads one of a ServiceEntry's own endpoints. */
export function readInlineEndpoint(raw: Plain): Workload {
  return { namespace: "", name: "", ...readAddress(raw, labelsOf(raw.labels)) };
}

const LOCALITY = ["topology.istio.io/locality", "istio-locality"] as const;
const LEVELS = [
  "topology.kubernetes.io/region",
  "topology.kubernetes.io/zone",
  "topology.istio.io/subzone",
] as const;
const NETWORK = "topology.istio.io/network";

/**
 * Adds the labels that istiod derives from where a workload is, for subsets to select by
 * (`AugmentLabels`); but not the cluster's, whose name only istiod knows.
 */
function withPlace(labels: Labels, raw: unknown): Labels {
  const [label = ""] = LOCALITY.flatMap((name) => labels[name] ?? []);
  const written = label.includes("/") ? label : label.replaceAll(".", "/");
  const places = (text(at(raw, "locality")) || written).split("/");
  const network = labels[NETWORK] || text(at(raw, "network"));
  const derived: Record<string, string> = {};
  LEVELS.forEach((name, level) => {
    const place = places[level] ?? "";
    if (place !== "") derived[name] = place;
  });
  if (network !== "") derived[NETWORK] = network;
  return { ...labels, ...derived };
}

function readAddress(raw: unknown, labels: Labels): Omit<Workload, "namespace" | "name"> {
  const hasAccount = text(at(raw, "serviceAccount")) !== "";
  const ports = at(raw, "ports");
  return {
    address: text(at(raw, "address")),
    addresses: [text(at(raw, "address"))],
    labels: withPlace(labels, raw),
    tlsMode: labels[TLS_MODE] ?? (hasAccount ? "istio" : "disabled"),
    ports: Object.fromEntries(
      Object.entries(isPlain(ports) ? ports : {}).map(([name, number]) => [
        name,
        wholeNumber(number) ?? 0,
      ]),
    ),
    isPod: false,
    isReady: true,
  };
}
