import { compareText } from "../input/plain.js";
import type { Mesh } from "../mesh.js";
import { terminalOf } from "../registry/external-names.js";
import { lookUp } from "./addresses.js";
import { isAddress } from "../input/hosts.js";
import { waysThroughAmbient } from "./ambient.js";
import { captured, capturesOf, type Capture } from "./capture.js";
import type { Call, CallOutcome, UndecidedCall } from "./call.js";
import { undecidedBecause } from "./undecided.js";
import { waysThroughSidecar, type Way } from "./way.js";

/** The ways that a call may take, or why that isn't known. */
export type Ways = readonly Way[] | UndecidedCall;

/**
 * What the proxy of a client does with a call: one outcome, or several where a route has weights or the
 * client's workloads differ. Pure, and never throws.
 *
 * @param mesh from {@link readMesh}
 * @param call its address may be a name, which is looked up as the client's DNS would
 * @returns outcomes in an order of their own, or why the objects don't decide
 */
export function outcomesOf(mesh: Mesh, call: Call): CallOutcome[] | UndecidedCall {
  const ways = waysOf(mesh, call);
  if ("undecided" in ways) return ways;
  const distinct = new Map(ways.map(({ outcome }) => [JSON.stringify(outcome), outcome]));
  return [...distinct].sort(([a], [b]) => compareText(a, b)).map(([, outcome]) => outcome);
}

/** The same with what decided each. */
export function waysOf(mesh: Mesh, call: Call): Ways {
  if (call.client.gateway) {
    return { undecided: "a gateway makes no calls of its own: it passes on those of others" };
  }
  const name = isAddress(call.address) ? call.address : fullName(mesh, call);
  const names = namesOf(mesh, name, call);
  const why = undecidedBecause(mesh, call, names);
  if (why !== undefined) return { undecided: why };
  const address = isAddress(name) ? name : lookUp(mesh, name);
  if (address === undefined) {
    return { undecided: `the address that ${name} leads to isn't known` };
  }
  const host = call.host ?? defaultHost(call);
  const sent: Call = { ...call, address, ...(host === undefined ? {} : { host }) };
  const ways: Way[] = [];
  for (const capture of capturesOf(mesh, call.client)) {
    const found = waysOfCapture(mesh, sent, name, capture);
    if ("undecided" in found) return found;
    ways.push(...found);
  }
  const led = ways.flatMap(({ cluster }) => (cluster ? [cluster.service.host] : []));
  const open = undecidedBecause(mesh, call, led);
  return open === undefined ? ways : { undecided: open };
}

/** What an application names when it calls a name: that name. */
function defaultHost({ address, sends }: Call): string | undefined {
  if (sends === "http") return address;
  return sends === "tls" && !isAddress(address) ? address : undefined;
}

/** The host that a name is short for: it is completed with the client's namespace first. */
export function fullName(mesh: Mesh, { address, client }: Call): string {
  const { clusterDomain } = mesh.facts;
  const candidates = [
    address,
    `${address}.${client.namespace}.svc.${clusterDomain}`,
    `${address}.svc.${clusterDomain}`,
    `${address}.${clusterDomain}`,
  ];
  return candidates.find((name) => mesh.registry.of(name).length > 0) ?? address;
}

/** What a call is about: the name that is called, what that is an alias of, and what is sent. */
function namesOf(mesh: Mesh, name: string, { host }: Call): string[] {
  const [service] = mesh.registry.of(name);
  const terminal = service && terminalOf(mesh, service);
  return [name, host, terminal].filter((one) => one !== undefined);
}

function waysOfCapture(mesh: Mesh, call: Call, name: string, capture: Capture): Ways {
  if (capture.dataplane === "ambient") return waysThroughAmbient(mesh, call, name, capture);
  const by = captured(capture, call);
  if (by === undefined) {
    if (capture.unknown !== undefined) {
      return {
        undecided: `annotation ${capture.unknown} of a workload of the client isn't known yet`,
      };
    }
    return {
      undecided: `the sidecar takes calls to some ranges only, and ${call.address} isn't known`,
    };
  }
  if (by === "direct") return [{ outcome: { via: "direct" }, capture }];
  if (capture.isOff) {
    return {
      undecided:
        "sidecar.istio.io/interceptionMode is NONE, and calls to the proxy aren't followed",
    };
  }
  const ways = waysThroughSidecar(mesh, call);
  // A workload's own address is its own, unless a listener of its proxy is bound there.
  return ways ?? [{ outcome: { via: "direct" }, capture }];
}
