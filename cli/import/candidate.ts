/** Reads the aliases of a catalogue out of the objects that they are made of today. */
import { protocolOf, transportOf } from "../../catalogue/ports.js";
import {
  at,
  externalNameIsAlias,
  items,
  type Mesh,
  type Plain,
  text,
  type Verdict,
} from "../../mesh/index.js";
import { mapsAt, type ObjectsThere, refOf } from "./there.js";
import { tlsToday } from "./tls.js";
import { Unsayable, type WrittenAlias, type WrittenPort } from "./written.js";

/** What candidates are read from. */
export interface CandidateSource {
  there: ObjectsThere;
  mesh: Mesh;
  /** The verdicts about the alias. */
  verdicts: readonly Verdict[];
  fix: boolean;
  /** Takes what is put right: a sentence. */
  fixed: (text: string) => void;
}

/** Istio's objects are looked up in any version. */
const ISTIO = "networking.istio.io/v1";

/**
 * The alias that a Service is today.
 *
 * @throws Unsayable where a catalogue has no words for it
 */
export function candidateOf(service: Plain, source: CandidateSource): WrittenAlias {
  refuseOwned(service);
  const externalName = at(service["spec"], "externalName");
  const target =
    at(service["spec"], "type") === "ExternalName"
      ? ofName(service, text(externalName), source)
      : ofAddresses(service, source);
  const { namespace, name } = refOf(service);
  const exportTo = exportToOf(service, target.externalName, source);
  const { ports } = target;
  const tls = tlsToday({ ...source, ...target, alias: refOf(service), ports });
  return { name, namespace, ...target, tls, ...(exportTo !== undefined && { exportTo }) };
}

/** What a controller made, it makes again. */
function refuseOwned(service: Plain): void {
  const owner = mapsAt(service["metadata"], "ownerReferences").find(
    (one) => one["controller"] === true,
  );
  if (!owner) return;
  throw new Unsayable(
    `belongs to ${text(owner["kind"])} ${text(owner["name"])}, which writes it; change it there`,
  );
}

type Target = Pick<WrittenAlias, "externalName" | "addresses" | "endpointsApi" | "ports">;

/** Where the target listens, its ServiceEntry says; nothing else of today's does. */
function ofName(service: Plain, externalName: string, { there, mesh }: CandidateSource): Target {
  const { namespace } = refOf(service);
  const entry = externalNameIsAlias(mesh.facts)
    ? there.find(ISTIO, "ServiceEntry", namespace, externalName)
    : undefined;
  const targets = new Map(
    mapsAt(entry?.["spec"], "ports").map((port) => [port["number"], port["targetPort"]]),
  );
  return { externalName, ports: portsOf(service, (port) => targets.get(port["port"])) };
}

function ofAddresses(service: Plain, { there }: CandidateSource): Target {
  const { namespace, name } = refOf(service);
  const spec = service["spec"];
  const type = text(at(spec, "type")) || "ClusterIP";
  if (type !== "ClusterIP") throw new Unsayable(`is of type ${type}; an alias is a ClusterIP`);
  if (at(spec, "clusterIP") === "None") {
    throw new Unsayable("is headless (clusterIP: None); an alias has an address of its own");
  }
  if (at(spec, "selector") !== undefined) {
    throw new Unsayable("selects Pods, and has addresses outside beside them");
  }
  const endpoints = there.find("v1", "Endpoints", namespace, name);
  const slices = there.slicesOf(namespace, name);
  if (endpoints && slices.length > 0) {
    throw new Unsayable("has Endpoints and EndpointSlices; an alias has one of the two");
  }
  if (endpoints) return ofEndpoints(service, endpoints);
  if (slices.length > 0) return ofSlices(service, slices);
  throw new Unsayable(
    "has no addresses among the objects; give its Endpoints or EndpointSlices, too",
  );
}

function ofEndpoints(service: Plain, endpoints: Plain): Target {
  const subsets = mapsAt(endpoints, "subsets");
  if (subsets.length !== 1) {
    throw new Unsayable(`has Endpoints with ${subsets.length} subsets; an alias has one`);
  }
  const addresses = mapsAt(subsets[0], "addresses").map((address) => text(address["ip"]));
  return { addresses, ports: portsOf(service, targetIn(mapsAt(subsets[0], "ports"))) };
}

function ofSlices(service: Plain, slices: readonly Plain[]): Target {
  const addresses = slices.flatMap((slice) =>
    mapsAt(slice, "endpoints").flatMap((endpoint) => items(at(endpoint, "addresses")).map(text)),
  );
  const lists = new Set(slices.map((slice) => JSON.stringify(slice["ports"])));
  if (lists.size > 1) {
    throw new Unsayable("has EndpointSlices with different ports; an alias has the same for all");
  }
  return {
    addresses: [...new Set(addresses)],
    endpointsApi: "EndpointSlice",
    ports: portsOf(service, targetIn(mapsAt(slices[0], "ports"))),
  };
}

/** Where a Service's port leads by its name. */
function targetIn(ports: readonly Plain[]): (port: Plain) => unknown {
  const targets = new Map(ports.map((port) => [text(port["name"]), port["port"]]));
  return (port) => targets.get(text(port["name"]));
}

function portsOf(service: Plain, targetOf: (port: Plain) => unknown): WrittenPort[] {
  return mapsAt(service["spec"], "ports").map((port) => {
    const { name, protocol = "TCP", appProtocol } = port;
    if (appProtocol !== undefined && appProtocol !== protocolOf(text(name))) {
      throw new Unsayable(
        `has a port whose appProtocol is ${text(appProtocol)}; an alias says the protocol in its port's name`,
      );
    }
    const targetPort = targetOf(port);
    const isImplied = protocol === transportOf({ name: text(name) });
    return {
      name,
      port: port["port"],
      ...(targetPort !== undefined && targetPort !== port["port"] && { targetPort }),
      ...(!isImplied && { protocol }),
    };
  });
}

/** As the alias's own rule has it: what is written for the alias is exported alike. */
function exportToOf(
  service: Plain,
  externalName: string | undefined,
  { there, mesh }: CandidateSource,
): unknown {
  const { namespace, name } = refOf(service);
  const target = externalNameIsAlias(mesh.facts) ? externalName : undefined;
  const exported = [target ?? name, name].map((rule) =>
    at(there.find(ISTIO, "DestinationRule", namespace, rule)?.["spec"], "exportTo"),
  );
  return exported.find((one) => items(one).length > 0);
}
