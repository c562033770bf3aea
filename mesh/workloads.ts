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
} from "./fields.js";

/** Something that serves: a Pod, a WorkloadEntry, or an address that was written down. */
export interface Workload {
  namespace: string;
  name: string;
  address: string;
  labels: Labels;
  /** `istio`: a sidecar is in front of it; `disabled`: none is known. Others are passed on. */
  tlsMode: string;
  /** Named ports that it serves. */
  ports: Readonly<Record<string, number>>;
  /** A Pod that is ready, or anything that isn't a Pod. */
  isReady: boolean;
}

const TLS_MODE = "security.istio.io/tlsMode";

/** Reads a Pod. istiod finds only ready ones by their address. */
export function readPod(object: Plain): Workload {
  const labels = labelsOf(at(object, "metadata", "labels"));
  const status = at(object, "status");
  const ready = items(at(status, "conditions")).some(
    (condition) => at(condition, "type") === "Ready" && at(condition, "status") === "True",
  );
  const isOver =
    ["Failed", "Succeeded"].includes(text(at(status, "phase"))) ||
    at(object, "metadata", "deletionTimestamp") !== undefined;
  return {
    ...refOf(object),
    address: text(at(status, "podIP")),
    labels,
    tlsMode: labels[TLS_MODE] ?? "disabled",
    ports: {},
    isReady: ready && !isOver,
  };
}

/** Reads a WorkloadEntry; labels of the object win over those in its spec. */
export function readWorkloadEntry(object: Plain): Workload {
  const labels = {
    ...labelsOf(at(object, "spec", "labels")),
    ...labelsOf(at(object, "metadata", "labels")),
  };
  return { ...refOf(object), ...readAddress(at(object, "spec"), labels) };
}

/** Reads one of a ServiceEntry's own endpoints. */
export function readInlineEndpoint(raw: Plain): Workload {
  return { namespace: "", name: "", ...readAddress(raw, labelsOf(raw.labels)) };
}

function readAddress(raw: unknown, labels: Labels): Omit<Workload, "namespace" | "name"> {
  const hasAccount = text(at(raw, "serviceAccount")) !== "";
  const ports = at(raw, "ports");
  return {
    address: text(at(raw, "address")),
    labels,
    tlsMode: labels[TLS_MODE] ?? (hasAccount ? "istio" : "disabled"),
    ports: Object.fromEntries(
      Object.entries(isPlain(ports) ? ports : {}).map(([name, number]) => [
        name,
        wholeNumber(number) ?? 0,
      ]),
    ),
    isReady: true,
  };
}
