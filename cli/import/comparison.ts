/** What server-side apply would do to an object that is there: what it changes, what it leaves. */
import { at, isPlain, items, type Plain, resolveHost, text } from "../../mesh/index.js";
import { type Difference, differences } from "../verify/differences.js";
import { refOf } from "./there.js";

export interface Comparison {
  /** Fields whose values would change, or go. */
  changed: Difference[];
  /** Fields that a catalogue doesn't have and that stay: `trafficPolicy.connectionPool`. */
  kept: string[];
}

const UNSET = "unset";

/** What a Service has that nobody wrote: the API server's defaults. */
const SERVICE_DEFAULTS: Plain = {
  type: "ClusterIP",
  sessionAffinity: "None",
  internalTrafficPolicy: "Cluster",
};

/** What the API server gives each Service anew. */
const SERVICE_GIVEN = ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"];

/**
 * @param made what would be applied
 * @param there what is there
 */
export function compare(made: Plain, there: Plain, clusterDomain: string): Comparison {
  const kind = text(made["kind"]);
  const [wanted, found] = [contentOf(made, clusterDomain), contentOf(there, clusterDomain)];
  const all = differences(kind, wanted, found);
  // A list is replaced as a whole, but for a Service's, whose items are distinguished by port.
  const isKept = ({ field, declared }: Difference) =>
    declared === UNSET && (kind === "Service" || !field.includes("["));
  return {
    changed: all.filter((one) => !isKept(one)),
    kept: [...new Set(all.filter(isKept).map(({ field }) => shortened(field)))],
  };
}

/** What an object says apart from its metadata, as it is stored if it is written again. */
function contentOf(object: Plain, clusterDomain: string): Plain {
  switch (object["kind"]) {
    case "Service":
      return serviceContent(object["spec"]);
    case "Endpoints":
      return { subsets: items(object["subsets"]).map(withPorts) };
    case "EndpointSlice":
      return sliceContent(object);
    case "DestinationRule":
      return ruleContent(object, clusterDomain);
    default:
      return (object["spec"] ?? {}) as Plain;
  }
}

function serviceContent(spec: unknown): Plain {
  const { ports, ...rest } = isPlain(spec) ? spec : {};
  const fields = Object.entries(rest).filter(
    ([field, value]) => !SERVICE_GIVEN.includes(field) && SERVICE_DEFAULTS[field] !== value,
  );
  return { ...Object.fromEntries(fields), ports: items(ports).map(portContent) };
}

function portContent(port: unknown): unknown {
  if (!isPlain(port)) return port;
  // A targetPort that is the port itself is the default, as TCP is.
  const { targetPort, protocol = "TCP", ...rest } = port;
  return { ...rest, protocol, ...(targetPort !== rest["port"] && { targetPort }) };
}

function withPorts(holder: unknown): unknown {
  if (!isPlain(holder)) return holder;
  return { ...holder, ports: items(holder["ports"]).map(portContent) };
}

/** A slice's endpoints are ready unless they say otherwise. */
function sliceContent({ addressType, endpoints, ports }: Plain): Plain {
  const plain = items(endpoints).map((endpoint) => {
    const { conditions, ...rest } = endpoint as Plain;
    const isReady = at(conditions, "ready") !== false && at(conditions, "terminating") !== true;
    return isReady ? rest : { ...rest, conditions };
  });
  return { addressType, endpoints: plain, ports: items(ports).map(portContent) };
}

/** A host may be written short: what counts is which one is meant. */
function ruleContent(rule: Plain, clusterDomain: string): Plain {
  const spec = (rule["spec"] ?? {}) as Plain;
  const host = resolveHost(text(spec["host"]), refOf(rule).namespace, clusterDomain);
  return { ...spec, host };
}

/** A field to name: that of what is kept as a whole. */
function shortened(field: string): string {
  return field.replace(/\[.*/, "").split(".").slice(0, 2).join(".");
}
