import {
  at,
  byCreation,
  creationTime,
  fits,
  isPlain,
  items,
  labelsOf,
  refOf,
  text,
  texts,
  wholeNumber,
} from "../input/plain.js";
import type { Labels, Plain } from "../input/plain.js";
import type { ObjectRef } from "../input/kube-object.js";

/** One Sidecar resource. */
export interface Sidecar {
  ref: ObjectRef;
  created: number;
  selector?: Labels;
  /** Empty: a single listener that imports everything. */
  egress: readonly Egress[];
  /** `outboundTrafficPolicy.mode`, which holds instead of the mesh's; absent: nothing is said. */
  outboundMode?: string;
  /** `outboundTrafficPolicy.egressProxy`: where unknown traffic is sent. */
  egressProxy?: Plain;
}

/** One egress listener, as it is written. */
export interface Egress {
  hosts: readonly string[];
  /** The port that services must have; undefined where ports aren't matched. */
  port?: number;
  /** The port that it takes calls on; undefined for those that no other listener takes. */
  listens?: number;
  /** The protocol of that port, in lower case. */
  protocol?: string;
  /** The address that it takes calls on; absent: those of its services. */
  bind?: string;
  /** `captureMode: NONE`: workloads address the proxy itself. */
  isBoundToPort?: true;
}

/** Reads a Sidecar. */
export function readSidecar(object: Plain): Sidecar {
  const spec = at(object, "spec");
  const selector = at(spec, "workloadSelector");
  const sidecar: Sidecar = {
    ref: refOf(object),
    created: creationTime(object),
    egress: items(at(spec, "egress")).filter(isPlain).map(readEgress),
  };
  if (isPlain(selector)) sidecar.selector = labelsOf(selector.labels);
  const policy = at(spec, "outboundTrafficPolicy");
  // REGISTRY_ONLY is the first value of the enumeration, so it holds when no mode is written.
  if (isPlain(policy)) sidecar.outboundMode = text(policy.mode) || "REGISTRY_ONLY";
  const egressProxy = at(policy, "egressProxy");
  if (isPlain(egressProxy)) sidecar.egressProxy = egressProxy;
  return sidecar;
}

function readEgress(raw: Plain): Egress {
  const port = wholeNumber(at(raw, "port", "number")) ?? 0;
  const protocol = text(at(raw, "port", "protocol")).toLowerCase();
  const isProxy = protocol === "http_proxy";
  const egress: Egress = { hosts: texts(raw.hosts) };
  if (isPlain(raw.port)) {
    egress.listens = port;
    egress.protocol = protocol;
  }
  if (text(raw.bind) !== "") egress.bind = text(raw.bind);
  if (raw.captureMode === "NONE") egress.isBoundToPort = true;
  if (port !== 0 && !isProxy) egress.port = port;
  return egress;
}

/** The Sidecar resources of a mesh, in istiod's order of preference. */
export class Sidecars {
  private readonly inOrder: Sidecar[];

  constructor(
    sidecars: readonly Sidecar[],
    private readonly rootNamespace: string,
  ) {
    this.inOrder = [...sidecars].sort(
      (a, b) =>
        Number(a.selector === undefined) - Number(b.selector === undefined) || byCreation(a, b),
    );
  }

  /** The one that holds for a workload: its namespace's own, else the root namespace's default. */
  for(namespace: string, labels: Labels): Sidecar | undefined {
    return (
      this.inOrder.find(
        (sidecar) => sidecar.ref.namespace === namespace && fits(sidecar.selector ?? {}, labels),
      ) ??
      this.inOrder.find(
        (sidecar) => sidecar.ref.namespace === this.rootNamespace && !sidecar.selector,
      )
    );
  }

  /** Label sets that some Sidecar of a namespace selects by. */
  selectorsIn(namespace: string): Labels[] {
    return this.inOrder.flatMap((sidecar) =>
      sidecar.ref.namespace === namespace && sidecar.selector ? [sidecar.selector] : [],
    );
  }
}
